import { encodeModel, type Graph } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import { compileExplanation, explain, float32, methodNamed, methods, type TensorValues, UsageError } from '../src/index.js'
import { convolutional, mixed, modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const picture = float32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i + 0.25),
)

async function runCompiled(graph: Graph, feeds: TensorValues): Promise<TensorValues> {
  const session = await testRuntime().open(encodeModel(graph))
  try {
    return await session.run(feeds)
  } finally {
    await session.dispose()
  }
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)))

describe('compiled explanations', () => {
  const compilable = methods.filter(method => method.path)

  it.each(
    compilable.flatMap(
      method =>
        [
          [method.name, 2],
          [method.name, 'predicted'],
          [method.name, '1-3'],
          [method.name, 'softmax:predicted'],
        ] as const,
    ),
  )('%s of target %s equals explain in one run', async (name, target) => {
    const model = modelOf(convolutional())
    const options = name === 'integrated-gradients' ? { points: 20, baseline: 'constant:0.5' } : {}
    const expected = await explain(model, { image: picture }, name, { target, options })
    const graph = compileExplanation(model, methodNamed(name), { target, options })
    const found = await runCompiled(graph, { image: picture })
    const scale = Math.max(1e-6, ...expected.values.map(Math.abs))
    expect(found['attribution']!.dims).toEqual(expected.dims)
    expect(worst(found['attribution']!.data as Float32Array, expected.values) / scale).toBeLessThan(2e-6)
    expect((found['value']!.data as Float32Array)[0]).toBeCloseTo(expected.value, 4)
    if (expected.residual !== undefined) {
      expect((found['baseline_value']!.data as Float32Array)[0]).toBeCloseTo(expected.baselineValue!, 4)
      expect((found['residual']!.data as Float32Array)[0]).toBeCloseTo(expected.residual, 3)
    }
  })

  it('takes the mean of each channel as baseline', async () => {
    const model = modelOf(convolutional())
    const options = { points: 10, baseline: 'mean' }
    const expected = await explain(model, { image: picture }, 'integrated-gradients', { target: 0, options })
    const found = await runCompiled(compileExplanation(model, methodNamed('integrated-gradients'), { target: 0, options }), {
      image: picture,
    })
    expect(worst(found['attribution']!.data as Float32Array, expected.values) / 54).toBeLessThan(1e-5)
  })

  it('uses standard operators only', () => {
    const graph = compileExplanation(modelOf(mixed()), methodNamed('integrated-gradients'), { target: 0 })
    const domains = new Set(graph.nodes.map(node => node.domain))
    expect([...domains]).toEqual([''])
  })

  it('refuses methods that are not one graph, and baselines that need more than the input', () => {
    const model = modelOf(convolutional())
    expect(() => compileExplanation(model, methodNamed('rise'))).toThrow(UsageError)
    expect(() => compileExplanation(model, methodNamed('rise'))).toThrow(/rise cannot be compiled.*integrated-gradients/)
    expect(() => compileExplanation(model, methodNamed('ig'), { options: { baseline: 'blur:3' } })).toThrow(
      /baseline "blur:3" cannot be compiled/,
    )
    expect(() => compileExplanation(model, methodNamed('ig'), { options: { tolerance: 0.1 } })).toThrow(/with a tolerance/)
  })

  it('takes absolute values where the method does', async () => {
    const graph = compileExplanation(modelOf(mixed()), methodNamed('gradient'), { target: 0, options: { absolute: true } })
    const found = await runCompiled(graph, { x: float32([1, 3], [1, -2, 3]) })
    expect(worst(found['attribution']!.data as Float32Array, Float32Array.of(5, 4, Math.abs(Math.cos(3))))).toBeLessThan(1e-6)
  })
})
