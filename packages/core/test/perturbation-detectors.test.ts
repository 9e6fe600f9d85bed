import { GraphBuilder as Builder, type GraphBuilder, inferShapes } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { explain, float32, type Model } from '../src/index.js'
import { boxFormats, cosineSimilarity, intersectionOverUnion } from '../src/methods/perturbation/detections.js'
import { riseMasks } from '../src/methods/perturbation/rise-masks.js'
import { modelOf, tensor, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const size = 12
/** Two proposals: A sees the top left quarter, B the bottom right one; class scores are shares of what each sees. */
const quarter =
  (which: number) =>
  (i: number): boolean => {
    const [y, x] = [Math.floor(i / size), i % size]
    return which === 0 ? y < 6 && x < 6 : y >= 6 && x >= 6
  }
const seen = (b: GraphBuilder, x: string, which: number, channelsLast: boolean): string => {
  const weights = Array.from({ length: size * size }, (_, i) => (quarter(which)(i) ? 1 / 36 : 0))
  const shape = channelsLast ? [1, size, size, 1] : [1, 1, size, size]
  return b.emit('ReduceSum', [b.emit('Mul', [x, b.constant(tensor(shape, weights))]), b.ints([1, 2, 3])], { keepdims: 0 })
}
const corners = [
  [0, 0, 6, 6],
  [6, 6, 12, 12],
]

interface Form {
  readonly channelsLast?: boolean
  readonly combined?: boolean
  readonly numbersFirst?: boolean
  readonly centred?: boolean
  readonly scale?: number
}

/** boxes [batch, 2, 4], scores [batch, 2, 2] = [what it sees, 0.2], objectness [batch, 2] = [0.5, 1]; or all of it in one output. */
function detector({
  channelsLast = false,
  combined = false,
  numbersFirst = false,
  centred = false,
  scale = 1,
}: Form = {}): Model {
  const b = new Builder()
  const x = b.input('image', 'float32', channelsLast ? ['batch', size, size, 1] : ['batch', 1, size, size])
  const rows = corners.map((box, which) => {
    const column = b.emit('Reshape', [seen(b, x, which, channelsLast), b.ints([-1, 1])])
    const zero = b.emit('Mul', [column, b.float(0)])
    const [l, t, r, d] = box.map(value => value * scale) as [number, number, number, number]
    const numbers = [...(centred ? [(l + r) / 2, (t + d) / 2, r - l, d - t] : [l, t, r, d]), which === 0 ? 0.5 : 1]
    const fixed = numbers.map(value => b.emit('Add', [zero, b.float(value)]))
    return [...fixed, column, b.emit('Add', [zero, b.float(0.2)])]
  })
  const block = (from: number, to: number): string => {
    const lines = rows.map(row => b.emit('Unsqueeze', [b.emit('Concat', row.slice(from, to), { axis: 1 }), b.ints([1])]))
    const all = b.emit('Concat', lines, { axis: 1 })
    return numbersFirst ? b.emit('Transpose', [all], { perm: [0, 2, 1] }) : all
  }
  if (combined) b.output(block(0, 7))
  else {
    b.output(b.emit('Identity', [block(0, 4)], {}, 'boxes'))
    b.output(block(5, 7))
    b.output(b.emit('Squeeze', [block(4, 5), b.ints([numbersFirst ? 1 : 2])]))
  }
  return modelOf(inferShapes(b.build()))
}

const values = Array.from({ length: size * size }, (_, i) => 0.5 + (i % 5) / 10)
const picture = { image: float32([1, 1, size, size], values) }
const names = (model: Model) => {
  const [boxes, scores, objectness] = model.graph.outputs.map(({ name }) => name)
  return { boxes, scores, objectness }
}
const quick = { masks: 60, cells: 4 }

/** The map by the definition, mask by mask. */
function byHand(which: number, masks: number, cells: number, seed: number, oneHot = false): number[] {
  const { side, draw, down, across } = riseMasks(cells, 0.5, size, size, seed)
  const look = (mask: ArrayLike<number>, of: number): number =>
    values.reduce((sum, value, i) => sum + (quarter(of)(i) ? (value * mask[i]!) / 36 : 0), 0)
  const target = oneHot ? [1, 0] : [look(Array(size * size).fill(1), which), 0.2]
  const out = Array<number>(size * size).fill(0)
  for (let k = 0; k < masks; k++) {
    const { grid, top, left } = draw(k)
    const mask = out.map((_, i) => {
      let sum = 0
      for (let a = 0; a < side; a++)
        for (let c = 0; c < side; c++)
          sum += down[top]![Math.floor(i / size) * side + a]! * grid[a * side + c]! * across[left]![(i % size) * side + c]!
      return sum
    })
    const found = [look(mask, which), 0.2]
    const cosine = (target[0]! * found[0]! + target[1]! * found[1]!) / (Math.hypot(...target) * Math.hypot(...found))
    mask.forEach((value, i) => {
      out[i]! += (cosine * (which === 0 ? 0.5 : 1) * value) / (masks * 0.5)
    })
  }
  return out
}

function expectValues(actual: ArrayLike<number>, expected: readonly number[]): void {
  const scale = Math.max(...expected.map(Math.abs))
  expect(Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / scale).toBeLessThan(1e-5)
}

describe('parts', () => {
  it('intersection over union, formats, cosine similarity', () => {
    expect(intersectionOverUnion([0, 0, 2, 2], [1, 1, 3, 3])).toBeCloseTo(1 / 7, 12)
    expect(intersectionOverUnion([0, 0, 2, 2], [2, 0, 3, 3])).toBe(0)
    expect(intersectionOverUnion([1, 1, 1, 1], [1, 1, 1, 1])).toBe(0)
    expect(boxFormats['cxcywh']!(3, 4, 2, 6)).toEqual([2, 1, 4, 7])
    expect(boxFormats['yxyx']!(1, 2, 3, 4)).toEqual([2, 1, 4, 3])
    expect(cosineSimilarity([1, 2], [2, 4])).toBeCloseTo(1, 12)
    expect(cosineSimilarity([1, 0], [0, 3])).toBe(0)
    expect(cosineSimilarity([1, 0], [0, 0])).toBe(0)
  })
})

describe('d-rise', () => {
  it.each([
    ['one output a part', {}, {}],
    ['one output for all', { combined: true }, { objectness: 'fifth' }],
    [
      'numbers first, centres, normalised',
      { combined: true, numbersFirst: true, centred: true, scale: 1 / 12 },
      { objectness: 'fifth', order: 'numbers-first', format: 'cxcywh' },
    ],
    ['channels last', { channelsLast: true }, {}],
  ])('by the definition: %s', async (_, form: Form, options) => {
    const model = detector(form)
    const image = form.channelsLast ? { image: float32([1, size, size, 1], values) } : picture
    const given = { ...quick, ...(form.combined ? {} : names(model)), ...options }
    const best = await explain(model, image, 'd-rise', { seed: 2, options: given })
    expect(best.dims).toEqual([1, size, size])
    expectValues(best.values, byHand(1, 60, 4, 2))
    expect(best.value).toBeCloseTo(1, 5)
    expect(best.cost.forwards).toBe(61)
    const first = await explain(model, image, 'd-rise', { seed: 2, options: { ...given, detection: 0 } })
    expectValues(first.values, byHand(0, 60, 4, 2))
    expect(first.value).toBeCloseTo(0.5, 5)
  })

  it('a box that is given, with its class', async () => {
    const model = detector()
    const options = { ...quick, ...names(model), box: '0,0,6,6', class: 0 }
    const a = await explain(model, picture, 'd-rise', { options })
    expectValues(a.values, byHand(0, 60, 4, 0, true))
  })

  it('the same whatever the rows per run, and where a batch is fixed', async () => {
    const model = detector({ combined: true })
    const options = { ...quick, objectness: 'fifth' }
    const a = await explain(model, picture, 'd-rise', { options })
    const tight = await explain(modelOf(model.graph, { memory: 30_000 }), picture, 'd-rise', { options })
    expectValues(tight.values, Array.from(a.values))
  })

  it('says what it needs', async () => {
    const model = detector()
    const run = (options: Record<string, unknown>) => explain(model, picture, 'd-rise', { options: { ...quick, ...options } })
    await expect(run({})).rejects.toThrow(/say which output holds boxes/)
    await expect(run({ boxes: 'nothing' })).rejects.toThrow(/no output "nothing"/)
    const { boxes, scores } = names(model)
    await expect(run({ boxes })).rejects.toThrow(/4 numbers a box where 4 and class scores are needed/)
    await expect(run({ boxes, scores, detection: 7 })).rejects.toThrow(/no detection "7"/)
    await expect(run({ boxes, scores, box: '1,2,3' })).rejects.toThrow(/four numbers/)
    await expect(run({ boxes, scores, class: 9 })).rejects.toThrow(/class "9"/)
  })
})
