/** @file `ascribe compile`: a model that gives the explanation without ascribe. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { explain, type TensorValue } from '@ascribe/core'
import { load, nodeRuntime } from '@ascribe/core/node'
import { describe, expect, it } from 'vitest'
import { noise, pictureModel, tokenModel, writeModel } from './support/models.js'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()
const model = writeModel(folder, 'model.onnx', pictureModel())

const largest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe('ascribe compile', () => {
  it('writes one model with its weights inside, which gives what explain gives', async () => {
    const out = join(folder, 'explained.onnx')
    const { code, stdout, stderr } = await run([
      'compile',
      model,
      '-m',
      'integrated-gradients:points=11',
      '-o',
      out,
      '--json',
      '-q',
    ])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const record = JSON.parse(stdout)
    expect(record.outputs.map((one: { name: string }) => one.name)).toEqual([
      'attribution',
      'value',
      'baseline_value',
      'residual',
    ])
    expect(record.relativeDifference).toBeLessThan(1e-5)
    const input = noise(9, [1, 3, 12, 12])
    const runtime = nodeRuntime()
    const session = await runtime.open(new Uint8Array(readFileSync(out)))
    const result = await session.run({ image: input })
    const library = await load(model)
    const expected = await explain(library, { image: input }, 'integrated-gradients', { options: { points: 11 } })
    const values = (result['attribution'] as TensorValue<'float32'>).data
    expect(values.length).toBe(432)
    values.forEach((value, i) => {
      expect(Math.abs(value - expected.values[i]!)).toBeLessThan(1e-5 * largest(expected.values))
    })
    expect(result['value']!.data[0]).toBeCloseTo(expected.value, 5)
    await library.dispose()
    await runtime.dispose()
  })

  it('compiles at an embedding, with sizes given', async () => {
    const tokens = writeModel(folder, 'tokens.onnx', tokenModel())
    const out = join(folder, 'tokens.ig.onnx')
    const args = ['compile', tokens, '--at', 'Gather_out', '-t', '1', '-o', out]
    expectError(await run([...args, '-q']), 2, /--shape/)
    expect(existsSync(out)).toBe(false)
    const { code, stdout } = await run([...args, '--shape', 'input_ids=1,7', '-q'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^in {3}Gather_out {2}float32 \[1, 7, 5\]$/m)
    expect(stdout).toMatch(/^verified against ascribe explain/m)
  })

  it('names wrong shapes and folders', async () => {
    const out = join(folder, 'none.onnx')
    expectError(
      await run(['compile', model, '-o', out, '--shape', 'imag=1,3,12,12', '-q']),
      2,
      /no input "imag"; did you mean "image"/,
    )
    expectError(await run(['compile', model, '-o', out, '--shape', 'image', '-q']), 2, /--shape must be/)
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([])
  })
})
