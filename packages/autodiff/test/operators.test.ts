import { readdirSync, readFileSync } from 'node:fs'
import { decompositions, isFloat, operatorKey } from '@ascribe/onnx'
import { describe, expect, it } from 'vitest'
import { rewrites } from '../../onnx/src/convert/rewrites/index.js'
import { newerSteps } from '../../onnx/src/convert/steps/newer.js'
import { differentiate, gradientTable, operatorDocument, standardOperators } from '../src/index.js'
import { build, type GradientCase, generator } from './support/check.js'

const here = new URL('.', import.meta.url)

/** Kernels that ONNX Runtime's WebGPU provider lacks or that are slow there; rules use other forms. */
const avoided = ['Sign', 'ConstantOfShape', 'LogSoftmax', 'OneHot', 'Round', 'Mod', 'IsNaN', 'Size', 'Selu', 'Softsign']

/** Every case that a file of test/cases exports. */
async function allCases(): Promise<{ readonly operator: string }[]> {
  const found: { operator: string }[] = []
  for (const file of readdirSync(new URL('cases/', here))) {
    const exported: Record<string, unknown> = await import(new URL(`cases/${file}`, here).href)
    for (const value of Object.values(exported)) if (Array.isArray(value)) found.push(...(value as { operator: string }[]))
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
    const tested = new Set((await allCases()).map(test => test.operator))
    const untested = Object.entries(gradientTable).filter(([operator, { kind }]) => kind === 'gradient' && !tested.has(operator))
    expect(untested.map(([operator]) => operator)).toEqual([])
  })

  it('emits only standard operators that have entries, and kernels that WebGPU has', async () => {
    const wrong = new Set<string>()
    for (const test of (await allCases()).filter((one): one is GradientCase => 'inputs' in one)) {
      const { graph, free, outputs } = build(test, generator(1))
      const used = outputs.filter((name, i) => isFloat(graph.type(name)?.dtype ?? 'float32') && !test.unused?.includes(i))
      const { graph: both } = differentiate(graph, { of: used, at: free })
      for (const node of both.nodes.slice(graph.nodes.length)) {
        const entry = gradientTable[operatorKey(node)]
        if (!standardOperators.includes(operatorKey(node)) || (entry?.kind !== 'gradient' && entry?.kind !== 'zero'))
          wrong.add(`${test.operator} emits ${operatorKey(node)}, which has no gradient`)
        // A recurrent layer's activation is the model's own choice.
        const asked = JSON.stringify(test.attributes ?? {}).includes(`"${node.operator}"`)
        if (avoided.includes(node.operator) && !asked) wrong.add(`${test.operator} emits ${node.operator}`)
      }
    }
    expect([...wrong]).toEqual([])
  })

  it('calls decomposed exactly what reading a model and decompose() rewrite', () => {
    const rewritten = new Set([
      ...Object.keys(rewrites).filter(operator => gradientTable[operator]?.kind !== 'gradient'),
      ...Object.keys(decompositions).filter(operator => gradientTable[operator]?.kind !== 'gradient'),
      ...newerSteps.map(({ operator }) => operator).filter(operator => gradientTable[operator]?.kind === 'decomposed'),
    ])
    const claimed = Object.keys(gradientTable).filter(operator => gradientTable[operator]!.kind === 'decomposed')
    expect(claimed.filter(operator => !rewritten.has(operator))).toEqual([])
    expect([...rewritten].filter(operator => gradientTable[operator]?.kind !== 'decomposed')).toEqual([])
  })

  it('gives a reason wherever there is no gradient', () => {
    for (const [operator, entry] of Object.entries(gradientTable)) {
      if (entry.kind === 'zero' || entry.kind === 'none') expect(entry.why, operator).not.toBe('')
      if (entry.kind === 'decomposed') expect(entry.into, operator).not.toBe('')
    }
  })
})
