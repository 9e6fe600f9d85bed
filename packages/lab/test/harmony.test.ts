/** @file Harmony across models: transfer scores, contrasts, weights, masks and controls by hand; a whole study in small. */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fitPicture, gaussianBlur, imputation, orderOf, pictureToTensor, Random } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { encodeModel, type Graph, isFloat, Tensor } from '@ascribe/onnx'
import { readModelFile } from '@ascribe/onnx/node'
import { afterAll, describe, expect, it } from 'vitest'
import { recipeOf } from '../src/bam/study/index.js'
import { agreementOf, roughness, smoothedTo } from '../src/harmony/compare.js'
import { imputed } from '../src/harmony/impute.js'
import { subjectMap } from '../src/harmony/maps.js'
import { maskedPictures, topMask } from '../src/harmony/masking.js'
import { classesLike, openHarmonyModels } from '../src/harmony/models.js'
import { openHarmonyPictures } from '../src/harmony/pictures.js'
import { harmonyPresetNamed, harmonyPresets } from '../src/harmony/presets.js'
import { harmonyMarkdown, renderHarmonyReport } from '../src/harmony/report/index.js'
import { statementsOf } from '../src/harmony/report/statements.js'
import type { HarmonyStudy } from '../src/harmony/result.js'
import { Session } from '../src/harmony/session.js'
import { verdictsOf } from '../src/harmony/stages/harmonised/verdicts.js'
import { runHarmonyStudy } from '../src/harmony/study.js'
import { parityOf, trainHarmonyModels } from '../src/harmony/training.js'
import { areaUnder, familyContrast, meanOfPairs, transferScore, weightsWithout } from '../src/harmony/transfer.js'
import { harmonyWork } from '../src/harmony/work.js'
import { readRecord } from '../src/train/files.js'

describe('transfer scores', () => {
  it('measures the area under the shares', () => {
    // (0.2 + 0.6)/2 x 0.1 + (0.6 + 1)/2 x 0.4, over 0.5.
    expect(areaUnder([0, 0.1, 0.5], [0.2, 0.6, 1])).toBeCloseTo(0.72, 12)
    expect(areaUnder([0.2], [0.4])).toBe(0.4)
  })

  it('is 0 at chance and 1 at the whole picture', () => {
    const [random, full] = [
      [0.1, 0.3],
      [0.9, 0.7],
    ]
    expect(transferScore({ kept: random, random, full }, [0, 1])).toBe(0)
    expect(transferScore({ kept: full, random, full }, [0, 1])).toBe(1)
    // (0.5 - 0.1 + 0.4 - 0.3) / (0.8 + 0.4), and row 1 drawn twice.
    expect(transferScore({ kept: [0.5, 0.4], random, full }, [0, 1])).toBeCloseTo(0.5 / 1.2, 12)
    expect(transferScore({ kept: [0.5, 0.4], random, full }, [1, 1])).toBeCloseTo(0.25, 12)
    expect(transferScore({ kept: full, random: full, full }, [0, 1])).toBeNaN()
  })

  it('separates families from models that are good at everything', () => {
    const families = ['cnn', 'cnn', 'vit', 'vit']
    const [generators, testers] = [
      [0.1, -0.2, 0.3, 0],
      [0, 0.05, -0.1, 0.2],
    ]
    const matrix = generators.map((g, i) => testers.map((t, k) => 0.4 + g + t + (families[i] === families[k] ? 0.07 : 0)))
    expect(familyContrast(matrix, families)).toBeCloseTo(0.07, 10)
    // The diagonal counts for nothing.
    const spoiled = matrix.map((row, i) => row.map((value, k) => (i === k ? 99 : value)))
    expect(familyContrast(spoiled, families)).toBeCloseTo(0.07, 10)
    // Two models, or one family, cannot tell.
    expect(familyContrast(matrix, ['a', 'a', 'a', 'a'])).toBeNaN()
    expect(meanOfPairs(spoiled, (g, t) => families[g] === families[t])).toBeCloseTo((0.62 + 0.27 + 0.97 + 0.37) / 4, 10)
  })

  it('weighs models by what they are worth to testers other than the one left out', () => {
    const matrix = [
      [9, 0.3, 0.5],
      [0.1, 9, 0.2],
      [-0.4, 0.6, 9],
    ]
    // Tester 0: model 1 by its transfer to 2, model 2 by that to 1.
    expect(weightsWithout(matrix, 0)).toEqual([0, 0.25, 0.75].map(value => expect.closeTo(value, 12)))
    // Tester 1: model 0 to 2 is 0.5; model 2 to 0 is negative and counts 0.
    expect(weightsWithout(matrix, 1)).toEqual([1, 0, 0])
    expect(
      weightsWithout(
        [
          [9, -1, -1],
          [-1, 9, -1],
          [-1, -1, 9],
        ],
        2,
      ),
    ).toEqual([0.5, 0.5, 0])
  })
})

describe('masks in picture space', () => {
  const picture = {
    width: 2,
    height: 2,
    channels: 3,
    data: Uint8Array.of(10, 20, 30, 50, 60, 70, 90, 100, 110, 130, 140, 150),
  } as const

  it('keeps the top share and fills the rest, or the other way round', () => {
    const rest = { fractions: [0.25], seed: 0 }
    const [black, mean] = maskedPictures(picture, [3, 0, 1, 2], { ...rest, fills: ['black', 'mean'], inverse: false })
    expect([...black!.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 130, 140, 150])
    expect([...mean!.data]).toEqual([70, 80, 90, 70, 80, 90, 70, 80, 90, 130, 140, 150])
    const [inverse] = maskedPictures(picture, [3, 0, 1, 2], { ...rest, fills: ['black'], inverse: true })
    expect([...inverse!.data]).toEqual([10, 20, 30, 50, 60, 70, 90, 100, 110, 0, 0, 0])
    expect([...topMask([3, 0, 1, 2], 0.01)]).toEqual([0, 0, 0, 1])
  })

  it('solves the system that core solves', () => {
    const random = new Random(5, 1)
    const [height, width] = [9, 12]
    const plane = Float64Array.from({ length: height * width }, () => random.integer(256))
    for (const share of [0.3, 0.9]) {
      const missing = Uint8Array.from(plane, () => (random.uniform() < share ? 1 : 0))
      const exact = Float32Array.from(plane)
      imputation(missing, height, width).fill(exact)
      const [own] = imputed([plane], missing, height, width)
      // Half a grey level would show.
      for (const [i, value] of own!.entries()) expect(Math.abs(value - exact[i]!)).toBeLessThan(0.25)
    }
    const [nothing] = imputed([plane], new Uint8Array(plane.length).fill(1), height, width)
    expect(nothing![0]).toBeCloseTo(plane.reduce((sum, value) => sum + value, 0) / plane.length, 9)
  })

  it('imputes the rest from what is left, with little noise', () => {
    const [road] = maskedPictures(picture, [3, 0, 1, 2], { fractions: [0.75], seed: 1, fills: ['road'], inverse: false })
    // Place 2 has neighbours 0, 3 (edges, 1/6) and 1 (corner, 1/12): (10 + 130 + 50/2) / 2.5.
    expect(Math.abs(road!.data[6]! - 66)).toBeLessThanOrEqual(12)
    expect([...road!.data.subarray(9)]).toEqual([130, 140, 150])
  })
})

describe('models and maps', () => {
  it('finds the same classes in another order, and refuses others', () => {
    const first = { path: 'a.onnx', labels: ['cat', 'Dog'], count: 2 }
    expect(classesLike(first, { path: 'b.onnx', labels: ['dog', 'cat'], count: 2 })).toEqual([1, 0])
    expect(() => classesLike(first, { path: 'b.onnx', labels: ['dog', 'cow'], count: 2 })).toThrow(/b.onnx: has no class "cat"/)
    expect(() => classesLike(first, { path: 'b.onnx', count: 3 })).toThrow(/answers 3 classes, a.onnx 2/)
  })

  it('moves another map without changing its values', async () => {
    const data = new Uint8Array(8 * 8 * 3)
    const own = Float64Array.from({ length: 64 }, (_, i) => i)
    const tools = { picture: { pixels: { width: 8, height: 8, channels: 3, data } as const }, stored: async () => own, seed: 3 }
    const moved = await subjectMap({ kind: 'shifted', map: 'x' }, tools)
    expect([...moved].sort((a, b) => a - b)).toEqual([...own])
    expect(moved[0]).not.toBe(0)
    const centre = await subjectMap({ kind: 'control', control: 'centre' }, tools)
    expect(centre.indexOf(Math.max(...centre))).toBe(27)
  })

  it('blurs what was combined', async () => {
    const maps = [0, 1].map(k => Float64Array.from({ length: 64 }, (_, i) => Math.sin((k + 1) * i)))
    const tools = {
      picture: { pixels: { width: 8, height: 8, channels: 3, data: new Uint8Array(192) } },
      stored: async (key: string) => maps[Number(key)]!,
      seed: 0,
    } as const
    const subject = { kind: 'combined', maps: ['0', '1'], normaliser: 'none', scheme: 'mean' } as const
    const mean = maps[0]!.map((value, i) => (value + maps[1]![i]!) / 2)
    expect([...(await subjectMap(subject, tools))]).toEqual([...mean])
    expect([...(await subjectMap({ ...subject, sigma: 1.5 }, tools))]).toEqual([...gaussianBlur(mean, 1, 8, 8, 1.5)])
  })

  it('compares at equal smoothness', async () => {
    const chess = Float64Array.from({ length: 64 }, (_, i) => ((i >> 3) + i) % 2)
    // Every step is 1, the variance 1/4.
    expect(roughness(chess, 8)).toBeCloseTo(4, 12)
    expect(roughness(smoothedTo(chess, 8, 1), 8)).toBeLessThanOrEqual(1)
    const ramp = Float64Array.from({ length: 64 }, (_, i) => i)
    const found = await agreementOf(ramp, ramp, 8)
    expect(found).toMatchObject({ Spearman: 1, 'top 10%': 1, "earth mover's distance": 0 })
  })
})

/** The graph with every large weight a little off, up and down in turns. */
const shaken = (graph: Graph, by = 0.01): Graph =>
  graph.with({
    initializers: new Map(
      [...graph.initializers].map(([name, tensor]) => {
        const off = isFloat(tensor.dtype) && tensor.size >= 32 ? by : 0
        const values = tensor.numbers()
        return [
          name,
          off
            ? Tensor.float32(
                tensor.dims,
                Float64Array.from(values, (v, i) => v * (1 + (i % 2 ? off : -off))),
              )
            : Tensor.from(tensor.dtype, tensor.dims, values),
        ]
      }),
    ),
  })

describe('training', () => {
  it('stops every model where the weakest architecture is at its best', () => {
    const accuracies = [
      [0.5, 0.93, 0.97],
      [0.7, 0.94, 0.92],
      [0.95, 0.96, 0.99],
    ]
    expect(parityOf(accuracies)).toEqual({ target: 0.94, epochs: [2, 1, 0] })
  })

  it('has plans that the architectures take', () => {
    const families = harmonyPresets.flatMap(({ training }) => training.plans.map(({ plan }) => recipeOf(plan, 'obj', 0)))
    expect(families.map(({ architecture }) => architecture.name)).toEqual(expect.arrayContaining(['cnn', 'mobilenet', 'mixer']))
  })

  it('writes models as they were at parity', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ascribe-harmony-train-'))
    try {
      const preset = harmonyPresetNamed('smoke')
      const made = await trainHarmonyModels({ preset, folder, seed: 0, processes: 1 })
      expect(made.map(({ name }) => name)).toEqual(['resnet', 'resnet-seed2', 'vit', 'mixer'])
      const runtime = nodeRuntime({ threads: 1 })
      const paths = made.map(({ name }) => join(folder, `${name}.onnx`))
      const opened = await openHarmonyModels(paths, runtime)
      await runtime.dispose()
      expect(opened.map(({ family }) => family)).toEqual(['cnn', 'cnn', 'transformer', 'mixer'])
      expect(opened[0]!.architecture).toBe(opened[1]!.architecture)
      for (const { name, twinAgreement } of made) {
        expect(readModelFile(join(folder, `${name}.onnx`)).metadata.get('labels')).toContain('fish')
        // Seeds only give maps.
        expect(twinAgreement === undefined).toBe(name === 'resnet-seed2')
        if (twinAgreement === undefined) continue
        const twin = join(folder, 'twins', `${name}.onnx`)
        expect(await readRecord(twin)).toMatchObject({ twin: { of: `${name}.onnx`, agreement: twinAgreement, distil: 1 } })
        expect(readModelFile(twin).metadata.get('labels')).toContain('fish')
      }
      const again: string[] = []
      expect(await trainHarmonyModels({ preset, folder, seed: 0, processes: 1, log: line => again.push(line) })).toEqual(made)
      expect(again.filter(line => line.includes('already trained'))).toHaveLength(4)
      const strict = { ...preset, training: { ...preset.training, accuracy: 1.1 } }
      await expect(trainHarmonyModels({ preset: strict, folder, seed: 0, processes: 1 })).rejects.toThrow(/needs 110%/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})

describe('statements', () => {
  const interval = (low: number, high: number) => ({ value: (low + high) / 2, low, high, p: low > 0 ? 0.001 : 0.5 })
  const study = (ends: readonly (readonly [number, number])[]): HarmonyStudy =>
    ({
      preset: { fills: ['blur'] },
      adapted: false,
      methods: ends.map((_, i) => ({ label: `m${i}` })),
      transfer: {
        tables: ends.map(([low, high], i) => ({
          method: `m${i}`,
          fill: 'blur',
          reading: 'probability',
          testers: 'models',
          n: 50,
          contrast: interval(low, high),
          adjusted: low > 0 ? 0.006 : 1,
          detectable: 0.05,
          ceiling: { value: Number.NaN },
        })),
      },
      harmonised: { refused: 'none here' },
      agreement: { consistency: [] },
    }) as unknown as HarmonyStudy
  const verdict = (ends: readonly (readonly [number, number])[]): string => statementsOf(study(ends))[0]!.verdict

  it('asks for four of six methods, and for room to be ruled out before it says no', () => {
    const [shown, none, open] = [
      [0.01, 0.05],
      [-0.03, 0.01],
      [-0.03, 0.05],
    ] as const
    expect(verdict([shown, shown, shown, shown, none, open])).toBe('holds')
    expect(verdict([shown, shown, shown, none, none, none])).toBe('does not hold')
    expect(verdict([shown, shown, shown, open, none, none])).toBe('not resolved')
    expect(verdict([none, none, none, open, open, open])).toBe('does not hold')
  })
})

describe('verdicts on gains', () => {
  const gain = (method: string, rival: string, low: number, high: number) => ({
    ...{
      method,
      rival,
      harmoniser: 'mean',
      chosen: 'in advance',
      fill: 'mean over fills',
      harmonised: 0,
      score: 0,
      detectable: 0.01,
      n: 50,
    },
    difference: { value: (low + high) / 2, low, high, p: low > 0 || high < 0 ? 0.001 : 0.4 },
  })

  it('asks that every rival is beaten, and takes what is below a rival for no evidence', () => {
    const rivals = { good: [0.01, 0.02], none: [-0.02, 0.03], worse: [-0.03, -0.01] } as const
    const methods = Object.keys(rivals).map(label => ({ label, method: label, options: {} }))
    const gains = Object.entries(rivals).flatMap(([method, [low, high]]) => [
      gain(method, 'best single map', 0.01, 0.05),
      gain(method, 'another', low, high),
    ]) as unknown as Parameters<typeof verdictsOf>[0]
    const found = verdictsOf(gains, methods, 'best single map')
    expect(found.map(({ beatsSingle }) => beatsSingle)).toEqual([true, true, true])
    expect(found.map(({ beatsAll }) => beatsAll)).toEqual([true, false, false])
    expect(found.map(({ adjusted }) => adjusted)).toEqual([0.003, 0.8, 1])
    expect(found.map(({ least }) => least.rival)).toEqual(['another', 'another', 'another'])
  })
})

const bundled = (name: string): string => fileURLToPath(new URL(`../../../examples/models/${name}`, import.meta.url))

describe('scores', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ascribe-harmony-scores-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('finds every score again, whatever is asked for together', async () => {
    const runtime = nodeRuntime({ threads: 1 })
    const paths = [bundled('resnet-obj.onnx'), bundled('vit-obj.onnx')]
    const models = await openHarmonyModels(paths, runtime)
    const raw = await Promise.all(paths.map(path => runtime.open(readFileSync(path))))
    const pictures = await openHarmonyPictures({ data: 'generated', size: 64, seed: 0, set: 'obj', limit: 10 })
    const work = harmonyWork({ models, pictures, map: () => Promise.reject(new Error('no maps here')) })
    const options = {
      preset: { ...harmonyPresetNamed('smoke'), fractions: [0.2, 0.5], fills: ['black', 'mean'] },
      models: [],
      methods: [],
      data: 'generated',
      folder,
      seed: 0,
      processes: 0,
    }
    const session = new Session(options, models, pictures, work)
    const [item] = pictures.items as [(typeof pictures.items)[0]]
    const picture = { item, class: item.label!, wrong: 0, fold: 0, full: [1, 1], plain: [1, 1] }
    const request = (control: 'centre' | 'edges' | 'truth', tester: number, inverse = false) => ({
      picture,
      subject: { kind: 'control', control } as const,
      tester,
      inverse,
    })
    const asked = [
      request('centre', 0),
      request('edges', 1),
      request('edges', 0),
      request('truth', 0),
      request('truth', 1),
      request('truth', 1, true),
    ]
    await session.runScores('first', [{ ...asked[1]!, fills: ['mean'] }, asked[0]!])
    await session.runScores('second', asked)
    const { pixels } = await pictures.picture(item.key)
    const seed = createHash('sha256').update(`0 ${item.key}`).digest().readUIntBE(0, 6)
    for (const one of asked)
      for (const fill of ['black', 'mean']) {
        // One picture after another, straight from the mask.
        const order = orderOf(
          await subjectMap(one.subject, {
            picture: await pictures.picture(item.key),
            stored: async () => new Float64Array(0),
            seed,
          }),
        )
        const masked = maskedPictures(pixels, order, { fills: [fill], fractions: [0.2, 0.5], inverse: one.inverse, seed })
        const { preprocessing } = models[one.tester]!
        for (const [k, shown] of masked.entries()) {
          const input = pictureToTensor(fitPicture(shown, preprocessing), preprocessing)
          const [logits] = Object.values(await raw[one.tester]!.run({ input: { ...input, dims: [1, ...input.dims.slice(-3)] } }))
          const powers = Array.from(logits!.data as Float32Array, Math.exp)
          const probability = powers[picture.class]! / powers.reduce((sum, value) => sum + value, 0)
          expect(session.score(one, fill)!.probability[k]).toBeCloseTo(probability, 4)
        }
      }
    await runtime.dispose()
  }, 30_000)
})

describe('a study', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ascribe-harmony-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const models = bundled

  it('runs on three models, and again from what is stored', async () => {
    // A third model: the ResNet with its weights a little off, which makes it another seed of one architecture.
    const graph = readModelFile(models('resnet-obj.onnx'))
    const other = join(folder, 'resnet-other.onnx')
    writeFileSync(other, encodeModel(shaken(graph), { weights: 'embed' }))
    const twin = join(folder, 'adapted.onnx')
    writeFileSync(twin, encodeModel(shaken(graph, 0.002), { weights: 'embed' }))
    const config = 'preprocessor_config.json'
    copyFileSync(models(config), join(folder, config))
    const options = {
      preset: {
        ...harmonyPresetNamed('smoke'),
        pictures: 4,
        fractions: [0.3],
        fills: ['blur', 'road'],
        harmonisers: 2,
        sigmas: [1],
        controls: 2,
        agreement: 1,
        leaks: 1,
      },
      models: [models('resnet-obj.onnx'), models('vit-obj.onnx'), other],
      twins: { 'resnet-obj': twin },
      methods: [{ label: 'gradient', method: 'gradient', options: {} }],
      data: 'generated',
      folder: join(folder, 'study'),
      seed: 0,
      processes: 0,
    }
    const study = await runHarmonyStudy(options)
    expect(study.failed).toEqual([])
    for (const { accuracy } of study.models) expect(accuracy).toBeGreaterThanOrEqual(0.9)
    expect(study.models.map(({ family }) => family)).toEqual(['cnn', 'transformer', 'cnn'])
    expect(study.models[0]!.architecture).toBe(study.models[2]!.architecture)
    // Two readings, two fills; the ResNet's twin tests, and the models themselves beside it with the first fill.
    expect(study.transfer.tables.map(({ testers, fill }) => `${testers} ${fill}`)).toEqual([
      'twins blur',
      'twins road',
      'twins blur',
      'twins road',
      'models blur',
      'models blur',
    ])
    expect(study.models.map(({ twin }) => twin?.agreement)).toEqual([1, undefined, undefined])
    expect(study.left).toEqual(['Without a mask-adapted twin, and so their own testers: vit-obj, resnet-other.'])
    const [table] = study.transfer.tables
    expect(table!.groups.map(({ label }) => label)).toEqual(['across families', 'same architecture, other seed'])
    expect(table!.matrix).toHaveLength(3)
    for (const { difference } of study.transfer.spoiled) expect(difference.value).not.toBeNaN()
    for (const { n, difference } of study.harmonised.gains) expect(n > 0 && Number.isFinite(difference.value)).toBe(true)
    expect(study.harmonised.verdicts.map(({ chosen, single }) => `${chosen}: ${single.rival}`)).toEqual([
      'in advance: best single map',
      'by cross-fitting: best single map',
      'in advance, blurred: best single map, blurred',
      'weights, blurred: best single map, blurred',
    ])
    expect(study.detector.length).toBe(3 + 1 + 6)
    for (const { weights } of study.harmonised.weights) expect(weights.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9)
    const again = await runHarmonyStudy(options)
    expect(again.digest).toBe(study.digest)
    expect(again.transfer).toEqual(study.transfer)
    expect(renderHarmonyReport(study)).toContain('<title>Harmony across models</title>')
    expect(harmonyMarkdown(study)).toContain('| resnet-obj | cnn | 100.0% | 100.0% | 100.0% | yes |')
  }, 120_000)

  it('brings class orders, preprocessing and input sizes together', async () => {
    const graph = readModelFile(models('resnet-obj.onnx'))
    const config = JSON.parse(readFileSync(models('preprocessor_config.json'), 'utf8'))
    const place = (name: string, changed: Graph, preprocessing: object): string => {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'preprocessor_config.json'), JSON.stringify(preprocessing))
      const path = join(folder, name, `${name}.onnx`)
      writeFileSync(path, encodeModel(changed, { weights: 'embed' }))
      return path
    }
    const copies = new Map([...graph.initializers].map(([name, t]) => [name, Tensor.from(t.dtype, t.dims, t.numbers())] as const))
    // The same function: classes in reverse, inputs half as large, the first layer's weights twice.
    const edited = new Map(copies)
    const edit = (name: string, change: (value: number, i: number, all: readonly number[]) => number): void => {
      const { dims } = copies.get(name)!
      const values = Array.from(copies.get(name)!.numbers())
      edited.set(
        name,
        Tensor.float32(
          dims,
          Float64Array.from(values, (v, i) => change(v, i, values)),
        ),
      )
    }
    edit('head.weight', (_, i, all) => all[i - (i % 10) + 9 - (i % 10)]!)
    edit('head.bias', (_, i, all) => all[9 - i]!)
    edit('stem.conv.weight_folded', value => 2 * value)
    const labels = JSON.stringify(JSON.parse(graph.metadata.get('labels')!).reverse())
    const reversed = graph.with({ initializers: edited, metadata: new Map([...graph.metadata, ['labels', labels]]) })
    const [input] = graph.inputs
    const larger = graph.with({
      initializers: copies,
      inputs: [{ ...input!, type: { ...input!.type, shape: ['batch', 3, 96, 96] } }],
      values: new Map(),
    })
    const size = { height: 96, width: 96 }
    const study = await runHarmonyStudy({
      preset: {
        ...harmonyPresetNamed('smoke'),
        pictures: 4,
        fractions: [0.3],
        fills: ['black'],
        harmonisers: 1,
        controls: 1,
        agreement: 1,
        leaks: 1,
      },
      models: [
        models('resnet-obj.onnx'),
        place('reversed', reversed, { ...config, image_std: [1, 1, 1] }),
        place('larger', larger, { ...config, size, crop_size: size }),
      ],
      methods: [{ label: 'gradient', method: 'gradient', options: {} }],
      data: 'generated',
      folder: join(folder, 'orders'),
      seed: 0,
      processes: 0,
    })
    expect(study.failed).toEqual([])
    expect(study.models.map(({ width }) => width)).toEqual([64, 64, 96])
    expect(study.models[1]!.accuracy).toBe(study.models[0]!.accuracy)
    const [{ matrix }] = study.transfer.tables as [(typeof study.transfer.tables)[0]]
    const rounded = (g: number): number[] => matrix[g]!.map(({ value }) => Number(value.toFixed(4)))
    expect(rounded(1)).toEqual(rounded(0))
    expect(matrix[2]![0]!.value).toBeCloseTo(matrix[2]![1]!.value, 4)
    const same = study.agreement.comparisons.find(({ label }) => label === 'gradient: resnet-obj and reversed')
    expect(same!.means['Spearman']!.value).toBeGreaterThan(0.9999)
    const other = study.agreement.comparisons.find(({ label }) => label === 'gradient: resnet-obj and larger')
    expect(other!.means['Spearman']!.value).toBeLessThan(0.99)
  }, 60_000)
})
