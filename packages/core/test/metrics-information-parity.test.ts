/**
 * @file SIC and AIC of real photos against the reference implementation, where the data lies beside the project. The fixture is made by
 * tools/parity/information.mjs and information.py.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, fitPicture, measure, type Pixels, pictureToTensor, prepare } from '../src/index.js'
import { sic } from '../src/metrics/information/metrics.js'
import { informationRun } from '../src/metrics/information/run.js'
import { load, readPicture, webpBytes, webpVersion } from '../src/node.js'
import { testRuntime } from './support/models.js'

interface Found {
  readonly sic: number | null
  readonly aic: number | null
  /** Of the picture, the hidden one, and at each threshold. */
  readonly bytes: readonly number[]
  readonly probability: readonly number[]
}

interface Fixture {
  readonly peer: string
  readonly maps: readonly { name: string; method: string; options: Record<string, unknown>; sign: string }[]
  readonly photos: readonly {
    readonly name: string
    readonly seed: number
    readonly class: number
    /** By map: as the reference is, and with ties of its triangulation decided by our rule. */
    readonly reference: Readonly<Record<string, Found>>
    readonly alike: Readonly<Record<string, Found>>
  }[]
}

const data = fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const file = join(data, 'mobilenet_v1_0.25_224', 'model.onnx')
const { peer, maps, photos }: Fixture = JSON.parse(readFileSync(new URL('fixtures/information.json', import.meta.url), 'utf8'))
const present = [file, ...photos.map(({ name }) => join(data, 'photos', name))].every(path => existsSync(path))
const encoder = peer.endsWith(`libwebp ${webpVersion()}`)

afterAll(() => testRuntime().dispose())

const largest = (found: readonly number[], wanted: readonly number[], relative: boolean): number =>
  Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!) / (relative ? wanted[i]! : 1)))

describe.skipIf(!present || !encoder)(
  `parity with ${peer}${present ? '' : ' (skipped: ../shared/data is not there)'}${encoder ? '' : ` (skipped: here it is ${webpVersion()})`}`,
  () => {
    // One map of each photo: encoding fifteen pictures takes more than a second.
    it.each(photos.map((photo, i) => [photo.name, maps[i % maps.length]!.name, photo, maps[i % maps.length]!] as const))(
      '%s, %s',
      async (_, map, photo, { method, options, sign }) => {
        const model = await load(file, { runtime: testRuntime() })
        const preprocessing = model.preprocessing!
        const picture = fitPicture(await readPicture(join(data, 'photos', photo.name)), preprocessing)
        const toInput = (one: Pixels) => pictureToTensor(one, preprocessing)
        const row = { [model.floatInputs[0]!]: toInput(picture) }
        const evaluator = await prepare(model, row, { target: `softmax:${photo.class}` })
        const { maps: explained } = await explain(model, row, method, { options, target: `softmax:${photo.class}` })
        const subject = { evaluator, maps: explained, picture: { picture, toInput, encodedBytes: webpBytes } }
        const settings = { sign, thresholds: sic.options['thresholds']!.default, random: 0.01 }
        const { bytes, probability } = await informationRun('sic', subject, settings, photo.seed)
        const alike = photo.alike[map]!
        // The bar is 0.5% of the bytes and 0.03 of the area; with ties decided alike, rounding is all that is left.
        expect(largest([bytes.whole, bytes.hidden, ...bytes.steps], alike.bytes, true)).toBeLessThan(5e-4)
        expect(largest([probability.whole, probability.hidden, ...probability.steps], alike.probability, false)).toBeLessThan(
          2e-3,
        )
        for (const metric of ['sic', 'aic'] as const) {
          const { value } = await measure(metric, subject, { sign, minimum: 0 }, photo.seed)
          if (alike[metric] === null) expect(value).toBeNaN()
          else expect(Math.abs(value - alike[metric])).toBeLessThan(2e-3)
        }
      },
      60_000,
    )
  },
)
