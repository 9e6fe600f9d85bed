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
    expect(gradients).toMatchObject({ compiles: true, needs: ['gradient'], aliases: expect.arrayContaining(['ig', 'layer-integrated-gradients']) })
    expect(gradients.options[0]).toMatchObject({ name: 'points', kind: 'number', default: 50 })
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
