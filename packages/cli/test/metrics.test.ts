/** @file `ascribe metrics`. */
import { metrics } from '@ascribe/core'
import { expect, it } from 'vitest'
import { run } from './support/run.js'

it('lists every metric, with defaults, direction and source', async () => {
  const { code, stdout } = await run(['metrics'])
  expect(code).toBe(0)
  for (const { name, citation, options } of metrics) {
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    expect(stdout).toContain(citation)
    for (const option of Object.keys(options)) expect(stdout).toContain(`${option}=`)
  }
})

it('is an array under --json, and shows one in full', async () => {
  const list = JSON.parse((await run(['metrics', '--json'])).stdout)
  expect(list.map((one: { name: string }) => one.name)).toEqual(metrics.map(({ name }) => name))
  expect(list[0]).toMatchObject({ name: 'deletion', higherIsBetter: false, needs: ['model'] })
  const { stdout } = await run(['metrics', 'insertion'])
  const insertion = metrics.find(({ name }) => name === 'insertion')!
  expect(stdout).toContain(insertion.formula)
  for (const { describe } of Object.values(insertion.options)) expect(stdout).toContain(describe)
  expect((await run(['metrics', 'insertoin'])).code).toBe(2)
})
