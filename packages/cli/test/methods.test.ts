/** @file `ascribe methods`, and the README's table. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { methods } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import { run } from './support/run.js'

describe('ascribe methods', () => {
  it('lists every method with its defaults and source', async () => {
    const { code, stdout } = await run(['methods'])
    expect(code).toBe(0)
    for (const { name, citation, options } of methods) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
      expect(stdout).toContain(citation)
      for (const option of Object.keys(options)) expect(stdout).toContain(`${option}=`)
    }
  })

  it('is an array under --json', async () => {
    const { stdout } = await run(['methods', '--json'])
    const list = JSON.parse(stdout)
    expect(list.map((one: { name: string }) => one.name)).toEqual(methods.map(({ name }) => name))
    const gradients = list.find((one: { name: string }) => one.name === 'integrated-gradients')
    expect(gradients).toMatchObject({
      compiles: true,
      needs: ['gradient'],
      aliases: expect.arrayContaining(['ig', 'layer-integrated-gradients']),
    })
    expect(gradients.options[0]).toMatchObject({ name: 'points', kind: 'number', default: 50 })
  })

  it('lists the cost at the defaults, and what forms must be given', async () => {
    const { stdout } = await run(['methods', '--json', 'conductance'])
    expect(JSON.parse(stdout)[0]).toMatchObject({
      cost: { gradients: 50 },
      forms: [{ name: 'layer-conductance', required: 'layer' }],
    })
    const { stdout: text } = await run(['methods', 'layer-integrated-gradients'])
    expect(text).toMatch(/cost {7}\d+ forwards?, 50 gradients an input at the defaults/)
    expect(text).toContain('layer-integrated-gradients (with --at TENSOR)')
    expect(text).toContain('neuron-integrated-gradients (with --output TENSOR and the neuron as target)')
  })

  it('shows one in full, by alias too', async () => {
    const { stdout } = await run(['methods', 'ig'])
    const method = methods.find(({ name }) => name === 'integrated-gradients')!
    expect(stdout).toContain(method.formula)
    for (const { describe } of Object.values(method.options)) expect(stdout).toContain(describe)
  })
})

describe('the pages', () => {
  it('say what methods, targets, metrics, normalisers and schemes are now', () => {
    const tool = fileURLToPath(new URL('../../../tools/docs.mjs', import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, [tool, '--check'], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })
})
