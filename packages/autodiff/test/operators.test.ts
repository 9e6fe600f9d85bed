import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gradientTable, operatorDocument, standardOperators } from '../src/index.js'

const here = new URL('.', import.meta.url)

/** Operators of every case array that a file of test/cases exports. */
async function operatorsWithCases(): Promise<Set<string>> {
  const found = new Set<string>()
  for (const file of readdirSync(new URL('cases/', here))) {
    const exported: Record<string, unknown> = await import(new URL(`cases/${file}`, here).href)
    for (const value of Object.values(exported))
      if (Array.isArray(value)) for (const test of value as { operator: string }[]) found.add(test.operator)
  }
  return found
}

describe('the operator table', () => {
  it('is what OPERATORS.md says', () => {
    const written = readFileSync(new URL('../OPERATORS.md', here), 'utf8')
    expect(written, 'OPERATORS.md is out of date: npm run build && node tools/operators.mjs').toBe(operatorDocument())
  })

  it('has an entry for every operator of ai.onnx', () => {
    expect(standardOperators.filter(operator => !gradientTable[operator])).toEqual([])
  })

  it('has a test case for every gradient', async () => {
    const tested = await operatorsWithCases()
    const untested = Object.entries(gradientTable).filter(([operator, { kind }]) => kind === 'gradient' && !tested.has(operator))
    expect(untested.map(([operator]) => operator)).toEqual([])
  })

  it('gives a reason wherever there is no gradient', () => {
    for (const [operator, entry] of Object.entries(gradientTable)) {
      if (entry.kind === 'zero' || entry.kind === 'none') expect(entry.why, operator).not.toBe('')
      if (entry.kind === 'decomposed') expect(entry.into, operator).not.toBe('')
    }
  })
})
