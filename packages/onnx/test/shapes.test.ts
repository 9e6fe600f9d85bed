import { type Dimension, type Graph, GraphBuilder, inferShapes, inferWithElements, ShapeError, Tensor } from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'
import { shapeRules } from '../src/shapes/index.js'
import { type Case, families } from './shape-cases.js'

/** A graph of one node. */
function single([operator, inputs, attributes, outputs]: Case): { graph: Graph; names: string[] } {
  const b = new GraphBuilder()
  const names = inputs.map((input, i) => {
    if (input === null) return ''
    if (input instanceof Tensor) return b.constant(input)
    return Array.isArray(input)
      ? b.input(`x${i}`, 'float32', input)
      : b.input(`x${i}`, (input as never)['dtype'], (input as never)['shape'])
  })
  const made = b.emitAll(operator, names, outputs.length, attributes)
  for (const name of made) b.output(name)
  return { graph: b.build(), names: made }
}

const label = ([operator, inputs, attributes]: Case): string =>
  `${operator} ${JSON.stringify(inputs.map(input => (input instanceof Tensor ? `const[${input.dims}]` : input)))} ${JSON.stringify(
    attributes,
    (_, value) => (value instanceof Tensor ? `tensor[${value.dims}]` : value),
  )}`

for (const [family, cases] of Object.entries(families))
  describe(family, () => {
    for (const entry of cases)
      test(label(entry), () => {
        const { graph, names } = single(entry)
        const inferred = inferShapes(graph)
        const expected = entry[3].map(out =>
          out && typeof out[0] === 'string' && Array.isArray(out[1]) ? out : ['float32', out],
        )
        expect(names.map(name => [inferred.type(name)?.dtype, inferred.type(name)?.shape])).toEqual(expected)
      })
  })

/** ai.onnx at opset 21. */
const standard =
  `Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Bernoulli BitShift
BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat
ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh CumSum DFT DeformConv DepthToSpace DequantizeLinear
Det Div Dropout DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow HardSigmoid
HardSwish Hardmax Identity If ImageDecoder InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log
LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization
MelWeightMatrix Min Mish Mod Mul Multinomial Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional
OptionalGetElement OptionalHasElement Or PRelu Pad Pow QLinearConv QLinearMatMul QuantizeLinear RNN RandomNormal RandomNormalLike
RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign Round STFT Scan ScatterElements ScatterND Selu
SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Shrink Sigmoid Sign Sin Sinh Size Slice
Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer
StringSplit Sub Sum Tan Tanh TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Where Xor`.split(/\s+/)

test('every standard operator has a rule', () => {
  expect(standard.filter(name => !Object.hasOwn(shapeRules, name))).toEqual([])
})

describe('mismatches name the operator, the node and the shapes', () => {
  const wrong: readonly (readonly [Case, RegExp])[] = [
    [['Add', [[2, 3], [4]], {}, [[]]], /Add "Add": the shapes do not broadcast; inputs: x0 \[2, 3\], x1 \[4\]/],
    [
      [
        'MatMul',
        [
          [2, 3],
          [4, 5],
        ],
        {},
        [[]],
      ],
      /inner dimensions differ: 3 against 4/,
    ],
    [
      [
        'Gemm',
        [
          [2, 3],
          [4, 5],
        ],
        {},
        [[]],
      ],
      /inner dimensions differ/,
    ],
    [
      [
        'Conv',
        [
          [1, 3, 8, 8],
          [4, 4, 3, 3],
        ],
        {},
        [[]],
      ],
      /channels of the input do not fit the weight: 3 against 4/,
    ],
    [
      [
        'Conv',
        [
          [1, 3, 2, 2],
          [4, 3, 3, 3],
        ],
        {},
        [[]],
      ],
      /does not fit dimension 2 of 2/,
    ],
    [
      [
        'Conv',
        [
          [1, 3, 8, 8],
          [4, 3, 3, 3],
        ],
        { strides: [0, 1] },
        [[]],
      ],
      /must be positive/,
    ],
    [['Reshape', [[2, 3], Tensor.ints([4, 2])], {}, [[]]], /6 elements cannot take the shape \[4, 2\]/],
    [['Reshape', [[2, 3], Tensor.ints([4, -1])], {}, [[]]], /6 elements cannot take the shape/],
    [['Reshape', [[2, 3], Tensor.ints([-1, -1])], {}, [[]]], /is not a shape/],
    [
      [
        'Concat',
        [
          [2, 3],
          [3, 4],
        ],
        { axis: 1 },
        [[]],
      ],
      /dimension 0 differs: 2 against 3/,
    ],
    [['Concat', [[2, 3]], { axis: 2 }, [[]]], /axis 2 is outside the 2 dimensions/],
    [['Transpose', [[2, 3]], { perm: [0, 0] }, [[]]], /is not an order/],
    [['Squeeze', [[2, 3], Tensor.ints([0])], {}, [[]]], /is 2, not 1/],
    [['Gather', [[3, 4], Tensor.ints([3])], {}, [[]]], /index 3 is outside dimension 0 of 3/],
    [['Split', [[6], Tensor.ints([2, 3])], {}, [[], []]], /add up to 5/],
    [['TopK', [[3], Tensor.ints([4])], {}, [[], []]], /k = 4 of only 3/],
    [['Softmax', [], {}, [[]]], /input 0 is missing/],
    [['Add', [[2], { dtype: 'int64', shape: [2] }], {}, [[]]], /different types/],
    [
      [
        'Einsum',
        [
          [2, 3],
          [4, 5],
        ],
        { equation: 'ij,jk->ik' },
        [[]],
      ],
      /letter "j" has two sizes/,
    ],
  ]
  for (const [entry, message] of wrong)
    test(label(entry), () => {
      const attempt = () => inferShapes(single(entry).graph)
      expect(attempt).toThrow(ShapeError)
      expect(attempt).toThrow(message)
    })
})

test('an unknown operator leaves its outputs unknown and the rest goes on; the declared shape is used there only', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['n', 3])
  const y = b.emit('my.domain:Mystery', [x])
  const z = b.emit('Relu', [y])
  b.output(b.emit('Add', [z, x]))
  const open = inferShapes(b.build())
  expect(open.type(y)).toBeUndefined()
  expect(open.type(z)).toBeUndefined()
  const graph = b.build().with({
    values: new Map([
      [y, { dtype: 'float32', shape: ['n', 3] }],
      [z, { dtype: 'float32', shape: [99, 99] }],
    ]),
  })
  const inferred = inferShapes(graph)
  expect(inferred.type(z)?.shape).toEqual(['n', 3])
  expect(inferred.outputs[0]!.type.shape).toEqual(['n', 3])
})

describe('contents of shape tensors', () => {
  type Make = (b: GraphBuilder, x: string) => string
  const at = (b: GraphBuilder, x: string, axis: number) =>
    b.emit('Gather', [b.emit('Shape', [x]), b.constant(Tensor.from('int64', [], [axis]))])
  const cases: readonly (readonly [string, Make, readonly Dimension[]])[] = [
    ['Shape', (b, x) => b.emit('Shape', [x]), ['n', 6, 's']],
    ['Size', (b, x) => b.emit('Size', [x]), ['6*n*s']],
    ['Gather', (b, x) => at(b, x, 2), ['s']],
    ['Gather, negative', (b, x) => at(b, x, -2), [6]],
    ['Slice', (b, x) => b.emit('Slice', [b.emit('Shape', [x]), b.ints([-2]), b.ints([2 ** 62])]), [6, 's']],
    [
      'Slice backwards',
      (b, x) => b.emit('Slice', [b.emit('Shape', [x]), b.ints([-1]), b.ints([-9]), b.ints([0]), b.ints([-1])]),
      ['s', 6, 'n'],
    ],
    ['Concat', (b, x) => b.emit('Concat', [b.ints([1]), b.emit('Shape', [x], { end: 1 })], { axis: 0 }), [1, 'n']],
    ['Mul', (b, x) => b.emit('Mul', [at(b, x, 0), at(b, x, 1)]), ['6*n']],
    ['Add', (b, x) => b.emit('Add', [at(b, x, 2), b.ints([1])]), ['s+1']],
    ['Sub cancels', (b, x) => b.emit('Sub', [b.emit('Add', [at(b, x, 2), b.ints([5])]), at(b, x, 2)]), [5]],
    ['Div', (b, x) => b.emit('Div', [b.emit('Mul', [at(b, x, 0), b.ints([8])]), b.ints([4])]), ['2*n']],
    ['Div rounds down', (b, x) => b.emit('Div', [at(b, x, 2), b.ints([4])]), ['floor(s/4)']],
    ['Neg of Add', (b, x) => b.emit('Neg', [b.emit('Add', [at(b, x, 2), b.ints([1])])]), ['-s-1']],
    ['Mod', (b, x) => b.emit('Mod', [at(b, x, 1), b.ints([4])]), [2]],
    [
      'Cast there and back',
      (b, x) => b.emit('Cast', [b.emit('Floor', [b.emit('Cast', [at(b, x, 2)], { to: 1 })])], { to: 7 }),
      ['s'],
    ],
    [
      'float scale',
      (b, x) =>
        b.emit('Cast', [b.emit('Floor', [b.emit('Mul', [b.emit('Cast', [at(b, x, 1)], { to: 1 }), b.float(1.5)])])], { to: 7 }),
      [9],
    ],
    [
      'Where over Equal, as Expand is exported',
      (b, x) => {
        const shape = b.emit('Concat', [b.ints([-1]), b.emit('Shape', [x], { start: 1 })], { axis: 0 })
        const ones = b.emit('ConstantOfShape', [b.ints([3])], { value: Tensor.from('int64', [1], [1]) })
        return b.emit('Where', [b.emit('Equal', [shape, b.ints([-1])]), ones, shape])
      },
      [1, 6, 's'],
    ],
    ['ReduceProd', (b, x) => b.emit('ReduceProd', [b.emit('Shape', [x])], { keepdims: 0 }), ['6*n*s']],
    [
      'Range',
      (b, x) =>
        b.emit('Range', [b.constant(Tensor.from('int64', [], [0])), at(b, x, 1), b.constant(Tensor.from('int64', [], [2]))]),
      [0, 2, 4],
    ],
    ['Expand', (b, x) => b.emit('Expand', [at(b, x, 2), b.ints([3])]), ['s', 's', 's']],
    ['Tile', (b, x) => b.emit('Tile', [b.emit('Shape', [x], { end: 2 }), b.ints([2])]), ['n', 6, 'n', 6]],
    ['Split', (b, x) => b.emitAll('Split', [b.emit('Shape', [x]), b.ints([1, 2])], 2)[1]!, [6, 's']],
    ['Max of equal symbols', (b, x) => b.emit('Max', [at(b, x, 2), at(b, x, 2)]), ['s']],
    [
      'ScatterND edits a shape',
      (b, x) => b.emit('ScatterND', [b.emit('Shape', [x]), b.constant(Tensor.from('int64', [1, 1], [1])), b.ints([9])]),
      ['n', 9, 's'],
    ],
    ['Reshape', (b, x) => b.emit('Reshape', [b.emit('Shape', [x]), b.ints([3, 1])]), ['n', 6, 's']],
    ['unknown product', (b, x) => b.emit('Max', [at(b, x, 2), at(b, x, 0)]), [null]],
  ]
  for (const [name, make, expected] of cases)
    test(name, () => {
      const b = new GraphBuilder()
      const made = make(b, b.input('x', 'float32', ['n', 6, 's']))
      b.output(made, 'int64')
      expect(inferWithElements(b.build()).elements.get(made)).toEqual(expected)
    })
})

test('the transformer head split and join keep batch and sequence', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', 'sequence', 768])
  const dim = (axis: number) =>
    b.emit('Unsqueeze', [b.emit('Gather', [b.emit('Shape', [x]), b.constant(Tensor.from('int64', [], [axis]))]), b.ints([0])])
  const target = b.emit('Concat', [dim(0), dim(1), b.ints([12]), b.ints([64])], { axis: 0 })
  const heads = b.emit('Transpose', [b.emit('Reshape', [x, target])], { perm: [0, 2, 1, 3] })
  const scores = b.emit('MatMul', [heads, b.emit('Transpose', [heads], { perm: [0, 1, 3, 2] })])
  const mixed = b.emit('Transpose', [b.emit('MatMul', [b.emit('Softmax', [scores]), heads])], { perm: [0, 2, 1, 3] })
  const back = b.emit('Concat', [dim(0), dim(1), b.ints([768])], { axis: 0 })
  const y = b.emit('Reshape', [mixed, back])
  b.output(y)
  const graph = inferShapes(b.build())
  expect(graph.type(scores)?.shape).toEqual(['batch', 12, 'sequence', 'sequence'])
  expect(graph.type(y)?.shape).toEqual(['batch', 'sequence', 768])
})

test('windows of a picture merge with the batch and part from it again', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', 56, 56, 96])
  const cut = b.emit('Transpose', [b.emit('Reshape', [x, b.ints([-1, 8, 7, 8, 7, 96])])], { perm: [0, 1, 3, 2, 4, 5] })
  const windows = b.emit('Reshape', [cut, b.ints([-1, 49, 96])])
  const back = b.emit('Reshape', [windows, b.ints([-1, 8, 8, 7, 7, 96])])
  b.output(back)
  const graph = inferShapes(b.build())
  expect(graph.type(windows)?.shape).toEqual(['64*batch', 49, 96])
  expect(graph.type(back)?.shape).toEqual(['batch', 8, 8, 7, 7, 96])
})

test('unnamed input dimensions get a symbol of their own, so that they can be followed', () => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', [null, 3, null])
  b.output(b.emit('Reshape', [x, b.ints([0, -1])]))
  expect(inferShapes(b.build()).outputs[0]!.type.shape).toEqual(['x_dim0', '3*x_dim2'])
})

test('If branches merge, with inferred types inside', () => {
  const side = (shape: number[]) => {
    const b = new GraphBuilder()
    b.output(b.emit('ConstantOfShape', [b.ints(shape)]))
    return b.build()
  }
  const b = new GraphBuilder()
  const y = b.emit('If', [b.input('c', 'bool', [])], { then_branch: side([2, 3]), else_branch: side([4, 3]) })
  b.output(y)
  const graph = inferShapes(b.build())
  expect(graph.outputs[0]!.type).toEqual({ dtype: 'float32', shape: [null, 3] })
  const branch = graph.nodes[0]!.attributes['then_branch']!
  expect(branch.kind === 'graph' && branch.value.outputs[0]!.type.shape).toEqual([2, 3])
})

test('a Loop that grows what it carries gives an unknown dimension, not the first one', () => {
  const body = new GraphBuilder()
  body.input('i', 'int64', [])
  body.input('go', 'bool', [])
  body.input('rows', 'float32', [1, 4])
  body.output('go', 'bool')
  body.output(body.emit('Concat', ['rows', 'row'], { axis: 0 }))
  const b = new GraphBuilder()
  const row = b.input('row', 'float32', [1, 4])
  const y = b.emit('Loop', [b.input('count', 'int64', []), '', row], { body: body.build() })
  b.output(y)
  expect(inferShapes(b.build()).outputs[0]!.type.shape).toEqual([null, 4])
})

test('ten thousand nodes take linear time', () => {
  const b = new GraphBuilder()
  let value = b.input('x', 'float32', ['n', 8])
  for (let i = 0; i < 10_000; i++) value = b.emit('Add', [value, value])
  b.output(value)
  const graph = b.build()
  const start = performance.now()
  expect(inferShapes(graph).outputs[0]!.type.shape).toEqual(['n', 8])
  expect(performance.now() - start).toBeLessThan(2000)
})

test('deeply nested loops whose shapes never settle take bounded time', () => {
  const nest = (depth: number): Graph => {
    const b = new GraphBuilder()
    b.input(`i${depth}`, 'int64', [])
    b.input(`go${depth}`, 'bool', [])
    const v = b.input(`v${depth}`, 'float32', null)
    b.output(`go${depth}`, 'bool')
    const grown = b.emit('Concat', [v, v], { axis: 0 })
    b.output(depth === 0 ? grown : b.emit('Loop', ['n', '', grown], { body: nest(depth - 1) }))
    return b.build()
  }
  const b = new GraphBuilder()
  b.output(b.emit('Loop', [b.input('n', 'int64', []), '', b.input('x', 'float32', [1, 2])], { body: nest(12) }))
  const start = performance.now()
  expect(inferShapes(b.build()).outputs[0]!.type.dtype).toBe('float32')
  expect(performance.now() - start).toBeLessThan(5000)
})
