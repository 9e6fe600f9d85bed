/** @file Gradient cases of elementwise arithmetic: broadcasting forms, ties, domain edges. */
import type { Given, GradientCase } from '../support/check.js'

const one = (operator: string, ...inputs: Given[]): GradientCase[] => inputs.map(x => ({ operator, inputs: [x] }))

/** Equal shapes, scalars, one-sided and two-sided broadcasting, a rank that differs, rank 0 and 5, an axis of 1 on both. */
const pairs: [number[], number[]][] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], []],
  [[], [2, 3]],
  [[], []],
  [[4, 3], [3]],
  [[3], [4, 3]],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [
    [1, 3],
    [2, 1],
  ],
  [
    [1, 2, 1, 2, 3],
    [2, 1, 2, 1, 1],
  ],
  [
    [2, 3, 4, 2],
    [2, 3, 1, 1],
  ],
]

const given = (dims: number[], range?: [number, number]): Given => (range ? { dims, range } : dims)

const two = (operator: string, left?: [number, number], right?: [number, number]): GradientCase[] =>
  pairs.map(([a, b]) => ({ operator, inputs: [given(a, left), given(b, right)] }))

const at = (...data: number[]): Given => ({ dims: [data.length], data })
const fixed = (...data: number[]): Given => ({ dims: data.length === 1 ? [] : [data.length], data, constant: true })
const positive = (dims: number[]): Given => ({ dims, range: [0.3, 3] })
const inside = (dims: number[]): Given => ({ dims, range: [-0.9, 0.9] })
const condition = (dims: number[], ...data: number[]): Given => ({ dims, data, dtype: 'bool' })

export const arithmeticCases: GradientCase[] = [
  ...two('Add'),
  ...two('Sub'),
  ...two('Mul'),
  ...two('Div', undefined, [0.5, 2]),
  ...two('Pow', [0.3, 2]),
  ...two('Max'),
  ...two('Min'),
  ...two('Sum'),
  ...two('Mean'),
  ...two('Mod', [-5, 5], [1.1, 2.1]).map(test => ({ ...test, attributes: { fmod: 1 } })),
  ...one('Neg', [], [2, 3]),
  ...one('Identity', [], [2, 3]),
  ...one('Sum', [2, 3]),
  ...one('Mean', [2, 3]),
  ...one('Max', [2, 3]),
  ...one('Min', [2, 3]),
  { operator: 'Sum', inputs: [[2, 3], [3], []] },
  { operator: 'Mean', inputs: [[2, 3], [2, 1], [1, 3], []] },
  { operator: 'Max', inputs: [[2, 3], [2, 1], [1, 3], []] },
  {
    operator: 'Min',
    inputs: [
      [2, 3],
      [2, 1],
      [1, 3],
    ],
  },
  {
    operator: 'Max',
    inputs: [at(1, 2, 3), at(1, 3, 2)],
    expected: [
      [0.5, 0, 1],
      [0.5, 1, 0],
    ],
    note: 'ties',
  },
  { operator: 'Min', inputs: [at(1, 2, 3), { dims: [], data: [2] }], expected: [[1, 0.5, 0], [1.5]], note: 'ties, broadcast' },
  {
    operator: 'Max',
    inputs: [at(1, 2), at(1, 0), at(1, 2)],
    expected: [
      [1 / 3, 0.5],
      [1 / 3, 0],
      [1 / 3, 0.5],
    ],
    note: 'ties of three',
  },
  { operator: 'Max', inputs: [at(-1, 0, 1), fixed(0)], expected: [[0, 0.5, 1]], note: 'ties with a constant' },
  ...[2, 3, 1, 0.5, -1, 2.5, 4, -2].map(p => ({ operator: 'Pow', inputs: [positive([2, 3]), fixed(p)] })),
  ...[2, 3, 1, 4].map(p => ({ operator: 'Pow', inputs: [[2, 3], fixed(p)], note: 'any base' })),
  { operator: 'Pow', inputs: [positive([2, 3]), fixed(2, 0, -1)] },
  { operator: 'Pow', inputs: [positive([2, 3]), { dims: [3], data: [2, 0, 3], dtype: 'int64' }], note: 'integer exponents' },
  { operator: 'Pow', inputs: [at(0, 0, 0), fixed(2, 3, 1)], expected: [[0, 0, 1]], note: 'base 0' },
  {
    operator: 'Pow',
    inputs: [at(0, 0, 2), at(0, 2, 3)],
    expected: [
      [0, 0, 12],
      [0, 0, 8 * Math.LN2],
    ],
    note: 'base 0',
  },
  { operator: 'Pow', inputs: [at(-2, 0, 2), fixed(2)], expected: [[-4, 0, 4]] },
  { operator: 'Where', inputs: [condition([2, 3], 1, 0, 1, 1, 0, 0), [2, 3], [2, 3]] },
  { operator: 'Where', inputs: [condition([3], 1, 0, 1), [2, 1], [1, 3]] },
  { operator: 'Where', inputs: [condition([], 1), [2, 3], []] },
  { operator: 'Where', inputs: [condition([2, 1, 1], 1, 0), [2, 3], fixed(0)] },
  { operator: 'Where', inputs: [condition([2, 2], 1, 0, 0, 0), fixed(-9), [2]] },
  { operator: 'Cast', inputs: [[2, 3]], attributes: { to: 1 } },
  { operator: 'Cast', inputs: [[2, 3]], attributes: { to: 11 }, note: 'to double' },
  { operator: 'CastLike', inputs: [[2, 3], fixed(1, 2)] },
  ...one('Exp', [], [2, 3]),
  ...one('Log', positive([]), positive([2, 3])),
  ...one('Sqrt', positive([]), positive([2, 3])),
  ...one('Reciprocal', positive([]), { dims: [2, 3], range: [-3, -0.3] }),
  ...one('Abs', [], [2, 3, 4]),
  { operator: 'Abs', inputs: [at(-2, -0, 0, 3)], expected: [[-1, 0, 0, 1]], note: 'at 0' },
  ...one('Sin', [], [2, 3]),
  ...one('Cos', [], [2, 3]),
  ...one('Tan', [], inside([2, 3])),
  ...one('Asin', inside([]), inside([2, 3])),
  ...one('Acos', inside([]), inside([2, 3])),
  ...one('Atan', [], [2, 3]),
  ...one('Sinh', [], [2, 3]),
  ...one('Cosh', [], [2, 3]),
  ...one('Asinh', [], [2, 3]),
  ...one('Acosh', { dims: [], range: [1.3, 4] }, { dims: [2, 3], range: [1.3, 4] }),
  ...one('Atanh', inside([]), inside([2, 3])),
]
