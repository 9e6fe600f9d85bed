/** @file Every operator of the reference evaluator against ONNX Runtime, or against numbers worked out by hand. */
import { describe, expect, it } from 'vitest'
import { evaluations } from '../src/evaluate/index.js'
import type { Case } from './support/evaluate/case.js'
import { runCase } from './support/evaluate/compare.js'
import { contribCases } from './support/evaluate/contrib.js'
import { edgeCases } from './support/evaluate/edges.js'
import { elementwiseCases } from './support/evaluate/elementwise.js'
import { layerCases } from './support/evaluate/layers.js'
import { samplingCases } from './support/evaluate/sampling.js'
import { sequenceCases } from './support/evaluate/sequences.js'
import { tensorCases } from './support/evaluate/tensors.js'

const families: Readonly<Record<string, readonly Case[]>> = {
  elementwise: elementwiseCases,
  tensors: tensorCases,
  layers: layerCases,
  edges: edgeCases,
  sampling: samplingCases,
  sequences: sequenceCases,
  contrib: contribCases,
}

/** Operators whose tests are not lines of a table. */
const elsewhere: Readonly<Record<string, string>> = {
  If: 'evaluate-control.test.ts: needs subgraphs',
  Loop: 'evaluate-control.test.ts: needs subgraphs',
  Scan: 'evaluate-control.test.ts: needs subgraphs',
}

/** A seed per case that does not move when other cases are added. */
const seedOf = (text: string): number => [...text].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7)

for (const [family, cases] of Object.entries(families))
  describe(family, () => {
    const seen = new Map<string, number>()
    for (const test of cases) {
      const nth = (seen.get(test[0]) ?? 0) + 1
      seen.set(test[0], nth)
      const { why } = test[3] ?? {}
      it(`${test[0]} ${nth} ${JSON.stringify(test[2] ?? {})}${why ? ` (${why})` : ''}`, () =>
        runCase(test, seedOf(`${test[0]}${nth}`)))
    }
  })

describe('coverage', () => {
  const tested = new Set(Object.values(families).flatMap(cases => cases.map(([operator]) => operator)))

  it('every operator has a case or a stated reason', () => {
    expect(Object.keys(evaluations).filter(key => !tested.has(key) && !elsewhere[key])).toEqual([])
  })

  it('no case or reason is for an operator that is not there', () => {
    expect([...tested, ...Object.keys(elsewhere)].filter(key => !evaluations[key])).toEqual([])
  })

  it('a hand-computed expectation or a coarser tolerance says why', () => {
    const silent = Object.values(families)
      .flat()
      .filter(([, , , options]) => (options?.expected || options?.tolerance) && !options.why)
    expect(silent).toEqual([])
  })
})
