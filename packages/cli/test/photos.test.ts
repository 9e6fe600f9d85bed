/** @file Real photos through a real network, where the data lies beside the project. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readNpy } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import { run, scratch } from './support/run.js'

const data = fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const model = join(data, 'mobilenet_v1_0.25_224', 'model.onnx')
const photos = ['n06874185_traffic_light.jpg', 'n04562935_water_tower.jpg'].map(name => join(data, 'photos', name))
const present = [model, ...photos].every(path => existsSync(path))

describe(`real photos${present ? '' : ' (skipped: ../shared/data is not there)'}`, () => {
  it.skipIf(!present)('are recognised and explained', async () => {
    const out = scratch()
    const methods = ['-m', 'integrated-gradients:tolerance=0.02', '-m', 'grad-cam']
    const { code, stdout, stderr } = await run(['explain', model, ...photos, ...methods, '-o', out, '--json', '-q'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const { inputs } = JSON.parse(stdout)
    expect(inputs.map((input: { prediction: { label: string }[] }) => input.prediction[0]!.label)).toEqual([
      'traffic light',
      'water tower',
    ])
    for (const { results } of inputs) expect(results[0].relativeResidual).toBeLessThan(0.02)
    for (const name of ['n06874185_traffic_light', 'n04562935_water_tower']) {
      expect(readNpy(readFileSync(join(out, `${name}.integrated-gradients.npy`))).dims).toEqual([1, 3, 224, 224])
      expect(readNpy(readFileSync(join(out, `${name}.grad-cam.npy`))).dims).toEqual([1, 7, 7])
    }
  })
})
