/** @file ascribe as a library in Node, as the README shows it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as ascribe from '../src/index.js'
import { noise, pairModel, pictureModel, writeModel, writePicture } from './support/models.js'
import { scratch } from './support/run.js'

const folder = scratch()

describe('the library', () => {
  it('explains with one call per method', async () => {
    const model = await ascribe.load(writeModel(folder, 'model.onnx', pictureModel()))
    const { tensor } = await ascribe.readModelPicture(writePicture(folder, 'photo.png', 1), ascribe.plainPreprocessing)
    const steps: number[] = []
    const a = await ascribe.integratedGradients(model, tensor, {
      target: 2,
      points: 20,
      onProgress: ({ done, total }) => steps.push(done / total),
    })
    expect(a.dims).toEqual([1, 3, 12, 12])
    expect(a.options).toMatchObject({ points: 20, baseline: 'zeros' })
    expect(a.residual).toBeCloseTo(a.value - a.baselineValue! - a.values.reduce((sum, value) => sum + value, 0), 5)
    expect(steps.at(-1)).toBe(1)
    const same = await ascribe.explain(model, { image: tensor }, 'integrated-gradients', { target: 2, options: { points: 20 } })
    expect(a.values).toEqual(same.values)
    const first = await ascribe.smoothGrad(model, tensor, { samples: 3, seed: 1 })
    expect((await ascribe.smoothGrad(model, tensor, { samples: 3, seed: 1 })).values).toEqual(first.values)
    expect((await ascribe.smoothGrad(model, tensor, { samples: 3, seed: 2 })).values).not.toEqual(first.values)
    await expect(ascribe.rise(model, tensor, { masks: 1e6, signal: AbortSignal.timeout(300) })).rejects.toThrow(
      ascribe.AbortedError,
    )
    await expect(ascribe.gradient(model, tensor, { point: 3 } as object)).rejects.toThrow(/gradient has no option "point"/)
    await model.dispose()
  })

  it('takes a row by name, and says so where one tensor is not enough', async () => {
    const model = await ascribe.load(writeModel(folder, 'pair.onnx', pairModel()))
    const row = { left: noise(1, [1, 4]), right: noise(2, [1, 4]) }
    expect(Object.keys((await ascribe.gradient(model, row)).maps)).toEqual(['left', 'right'])
    await expect(ascribe.gradient(model, row.left)).rejects.toThrow(/2 inputs \(left, right\)/)
    await model.dispose()
  })

  it('exports the names that the README imports', () => {
    const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
    const names = /import \{ ([^}]+) \} from 'ascribe'/.exec(text)![1]!.split(', ')
    for (const name of names) expect((ascribe as Record<string, unknown>)[name], name).toBeTypeOf('function')
  })
})
