/** @file `ascribe doctor`: coverage, the gradient check and its verdicts, advice. */
import { join } from 'node:path'
import type { Evaluator, Points } from '@ascribe/core'
import { GraphBuilder } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { checkGradient } from '../src/doctor/check.js'
import { coverage, obstacles } from '../src/doctor/coverage.js'
import { sampleRow } from '../src/doctor/sample.js'
import { noise, opaqueModel, pairModel, pictureModel, tokenModel, writeModel, writeTensor } from './support/models.js'
import { run, scratch } from './support/run.js'

const folder = scratch()

/** f(x) = sum_i sin(x_i), with a gradient that is off by `flaw`, in float32 as a model's output is. */
function sines(flaw: (value: number, index: number) => number): Evaluator {
  const input = noise(1, [1, 200])
  return {
    at: ['x'],
    inputs: { x: input },
    point: { x: input.data },
    forward: async (points: Points, count: number) =>
      Float64Array.from({ length: count }, (_, row) =>
        Math.fround(points['x']!.subarray(row * 200, (row + 1) * 200).reduce((sum, x) => sum + Math.sin(x), 0)),
      ),
    gradient: async (points: Points) => ({
      values: new Float64Array(1),
      gradients: { x: points['x']!.map((x, i) => flaw(Math.cos(x), i)) },
    }),
  } as unknown as Evaluator
}

describe('the gradient check', () => {
  it('passes a right gradient, closely', async () => {
    const { verdict, directions } = await checkGradient(
      sines(value => value),
      0,
    )
    expect(verdict).toBe('pass')
    expect(directions).toHaveLength(5)
    for (const { error } of directions) expect(error).toBeLessThan(0.005)
  })

  it.each([
    ['scaled', (value: number) => 1.3 * value],
    ['of the wrong sign in part', (value: number, index: number) => (index % 4 === 0 ? -value : value)],
    ['missing a part', (value: number, index: number) => (index < 60 ? 0 : value)],
    ['shifted', (value: number) => value + 0.4],
  ])('fails a gradient %s', async (_, flaw) => {
    expect((await checkGradient(sines(flaw), 0)).verdict).toBe('fail')
  })

  it('cannot judge a gradient of zero', async () => {
    expect(
      await checkGradient(
        sines(() => 0),
        0,
      ),
    ).toMatchObject({ verdict: 'warn', why: expect.stringMatching(/zero everywhere/) })
  })
})

describe('coverage', () => {
  it('counts operators, and tells those on the path', () => {
    const graph = opaqueModel()
    const operators = coverage(graph, ['columns'], graph.outputs[0]!.name)
    expect(operators.map(({ operator, count, kind, onPath }) => [operator, count, kind, onPath])).toEqual([
      ['MatMul', 1, 'gradient', true],
      ['ai.onnx.ml:Scaler', 1, 'none', true],
    ])
    expect(obstacles(operators).map(({ example }) => example)).toEqual(['scaling'])
  })

  it('leaves out what the explained tensor does not lead through', () => {
    const graph = tokenModel()
    const operators = coverage(graph, ['Gather_out'], graph.outputs[0]!.name)
    expect(operators.find(({ operator }) => operator === 'Gather')!.onPath).toBe(false)
    expect(operators.find(({ operator }) => operator === 'Tanh')!.onPath).toBe(true)
  })
})

describe('the made-up input', () => {
  it('looks up rows that the table has, and agrees on open sizes', () => {
    const row = sampleRow(tokenModel(), 0)
    expect(row['input_ids']!.dims).toEqual([1, 16])
    for (const id of row['input_ids']!.data as BigInt64Array) expect(Number(id)).toBeLessThan(20)
    const b = new GraphBuilder()
    const ports = [b.input('x', 'float32', ['nodes', 5]), b.input('edge_index', 'int64', [2, 'edges'])]
    b.output(b.emit('Gather', ports))
    const graph = sampleRow(b.build(), 0)
    expect([graph['x']!.dims, graph['edge_index']!.dims]).toEqual([
      [16, 5],
      [2, 16],
    ])
    expect(sampleRow(pictureModel(), 0)['image']!.dims).toEqual([1, 3, 12, 12])
    expect(sampleRow(pairModel(), 0)['left']!.data).not.toEqual(sampleRow(pairModel(), 0)['right']!.data)
  })
})

describe('ascribe doctor', () => {
  it('passes a good model, and names the layer of grad-cam', async () => {
    const model = writeModel(folder, 'model.onnx', pictureModel())
    const { code, stdout } = await run(['doctor', model, '--json'])
    expect(code).toBe(0)
    const found = JSON.parse(stdout)
    expect(found.check.verdict).toBe('pass')
    expect(found.batching).toMatch(/^dynamic/)
    expect(found.operators.map((one: { operator: string }) => one.operator).sort()).toEqual([
      'Conv',
      'Flatten',
      'GlobalAveragePool',
      'MatMul',
      'Relu',
    ])
    expect(found.methods.filter((one: { works: boolean }) => !one.works)).toEqual([])
    expect(found.methods.find((one: { method: string }) => one.method === 'grad-cam').remark).toBe('reads layer Relu_out')
  })

  it('reads an input, and prints for people', async () => {
    const batch = writeTensor(folder, 'batch.npy', noise(2, [2, 3, 12, 12]))
    const { code, stdout } = await run(['doctor', join(folder, 'model.onnx'), batch])
    expect(code).toBe(0)
    expect(stdout).toMatch(/the given input image \[1, 3, 12, 12\]/)
    expect(stdout).toMatch(/^ {2}PASS: largest relative error/m)
  })

  it('says what to pass for a token model', async () => {
    const { code, stdout } = await run(['doctor', writeModel(folder, 'tokens.onnx', tokenModel())])
    expect(code).toBe(0)
    expect(stdout).toMatch(/pass --at "Gather_out"/)
    expect(stdout).toMatch(/^ {2}yes {2}grad-cam {2,}reads layer Tanh_out/m)
    expect(stdout).toMatch(/^ {2}no {3}guided-grad-cam .*spatial/m)
    expect(stdout).toMatch(/^ {2}yes {2}integrated-gradients/m)
  })

  it('fails a model with an operator that has no rule, and says what works', async () => {
    const { code, stdout, stderr } = await run(['doctor', writeModel(folder, 'opaque.onnx', opaqueModel())])
    expect(code).toBe(1)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/no gradient through ai\.onnx\.ml:Scaler \(node "scaling"\)/)
    expect(stdout).toMatch(/^ {2}FAIL: /m)
    expect(stdout).toMatch(/^ {2}no {3}gradient /m)
    expect(stdout).toMatch(/^ {2}yes {2}occlusion/m)
  })
})
