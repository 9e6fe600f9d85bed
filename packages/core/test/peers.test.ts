/**
 * @file Attributions of other libraries on the same models with the same weights: `tools/parity/peers.py` makes the fixtures. What is
 * compared is raw: nothing is normalised on either side.
 */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type NdArray, readModel } from '@ascribe/onnx'
import { afterAll, describe, expect, test } from 'vitest'
import { type Fixture, fixtureNames, loadGraph, loadInputs, positions } from '../../autodiff/test/parity/fixture.js'
import { explain, float32, type TensorValue } from '../src/index.js'
import { modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

interface Entry {
  readonly peer: string
  readonly call: string
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
  readonly target?: number | string
  /** Row of `rows` that is explained, for tables. */
  readonly row?: number
  readonly dims: readonly number[]
  readonly max: number
  readonly sum: number
  readonly samples: string
  /** The peer's values miss the completeness that it promises; then ours are complete, and the two differ. */
  readonly incomplete?: true
  /** The peer's values are ours times one factor: pytorch-grad-cam's softmax counts channels that are zero everywhere. */
  readonly scaled?: true
}
type Peers = Fixture & { readonly attributions: readonly Entry[]; readonly value: number }

const folder = new URL('./fixtures/peers/', import.meta.url)
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T

const floats = (text: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)

/** Largest difference over the peer's largest value. */
function difference(values: ArrayLike<number>, { samples, max, dims, scaled }: Entry): number {
  const found = Array.from(positions(values.length), place => values[place]!)
  const expected = floats(samples)
  const product = found.reduce((sum, value, i) => sum + value * expected[i]!, 0)
  const factor = scaled ? expected.reduce((sum, value) => sum + value * value, 0) / product : 1
  expect(values.length).toBe(dims.reduce((a, b) => a * b, 1))
  let worst = 0
  found.forEach((value, i) => {
    const error = Math.abs(factor * value - expected[i]!)
    worst = Number.isNaN(error) ? Number.NaN : Math.max(worst, error)
  })
  return worst / max
}

const grid = ([size, rows, columns]: readonly number[]): TensorValue => {
  const labels = Array.from({ length: size! * size! }, (_, i) => {
    const [y, x] = [Math.floor(i / size!), i % size!]
    return Math.floor((y * rows!) / size!) * columns! + Math.floor((x * columns!) / size!)
  })
  return float32([3, size!, size!], [...labels, ...labels, ...labels])
}
const tensors = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([name, given]) => {
      const { grid: regular, rows } = (given ?? {}) as { grid?: number[]; rows?: number[][] }
      if (regular) return [name, grid(regular)]
      return [name, rows ? float32([rows.length, rows[0]!.length], rows.flat()) : given]
    }),
  )

const value = ({ dtype, dims, data }: NdArray): TensorValue =>
  (dtype === 'int64'
    ? { dtype, dims, data: BigInt64Array.from(data, BigInt) }
    : { dtype, dims, data: Float32Array.from(data) }) as TensorValue

const title = ({ peer, call, method, row, target }: Entry): string =>
  `${peer} ${call}: ${method}${row === undefined ? '' : `, row ${row}`}${target === undefined ? '' : `, target ${target}`}`

const report: string[] = []
afterAll(() => {
  if (process.env['ASCRIBE_PARITY_TABLE']) console.log(report.join('\n'))
})

function check(where: string, entry: Entry, values: ArrayLike<number>, tolerance: number): void {
  const found = difference(values, entry)
  report.push(`${where} | ${title(entry)} | ${found.toExponential(1)}`)
  expect(found).toBeLessThanOrEqual(tolerance)
}

describe.each(fixtureNames(folder).filter(name => name !== 'tables'))('%s', name => {
  const fixture = read<Peers>(name)
  const model = modelOf(loadGraph(folder, fixture), { memory: 2 ** 31 })
  const inputs = Object.fromEntries(Object.entries(loadInputs(fixture)).map(([key, array]) => [key, value(array)]))
  afterAll(() => model.dispose())

  test.each(fixture.attributions.map(entry => [title(entry), entry] as const))('%s', { timeout: 60_000 }, async (_, entry) => {
    const at = Object.keys(inputs).includes(fixture.at) ? {} : { at: [fixture.at] }
    const a = await explain(model, inputs, entry.method, { target: fixture.target, options: tensors(entry.options), ...at })
    expect(Math.abs(a.value - fixture.value)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(fixture.value)))
    if (!entry.incomplete) return check(name, entry, a.values, 1e-4)
    const change = a.value - a.baselineValue!
    report.push(`${name} | ${title(entry)} | misses ${(entry.sum / change - 1).toExponential(1)} of the change`)
    expect(Math.abs(entry.sum / change - 1)).toBeGreaterThan(0.01)
    expect(Math.abs(a.residual! / change)).toBeLessThan(1e-5)
  })
})

interface Tables {
  readonly models: Readonly<Record<string, { readonly rows: readonly number[][]; readonly attributions: readonly Entry[] }>>
}

describe.each(Object.entries(read<Tables>('tables').models))('table %s', (name, { rows, attributions }) => {
  const model = modelOf(readModel(gunzipSync(readFileSync(new URL(`${name}.onnx.gz`, folder)))))
  afterAll(() => model.dispose())

  test.each(attributions.map(entry => [title(entry), entry] as const))('%s', async (_, entry) => {
    const row = rows[entry.row!]!
    const input = model.graph.inputs[0]!.name
    const options = tensors(entry.options)
    const a = await explain(model, { [input]: float32([1, row.length], row) }, entry.method, {
      target: entry.target ?? 0,
      options,
    })
    check(name, entry, a.values, 1e-5)
  })
})
