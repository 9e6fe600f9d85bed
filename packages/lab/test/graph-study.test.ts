/** @file The whole study on a small graph: numbers in range, the same again from what is stored, and what a summary says of planted scores. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AbortedError } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { afterAll, describe, expect, test } from 'vitest'
import { openGraph } from '../src/greedy/graph/data/open.js'
import { renderGraphPage } from '../src/greedy/graph/report/page.js'
import { graphPresetNamed } from '../src/greedy/graph/study/presets.js'
import { graphReport } from '../src/greedy/graph/study/report.js'
import { type GraphStudyOptions, runGraphStudy } from '../src/greedy/graph/study/study.js'
import { gatesOf, summaryOf } from '../src/greedy/graph/study/summary.js'

const folder = mkdtempSync(join(tmpdir(), 'graph-study-'))
const runtime = nodeRuntime({ threads: 1, processes: 2 })
afterAll(async () => {
  await runtime.dispose()
  rmSync(folder, { recursive: true })
})

const preset = graphPresetNamed('smoke')
const options = async (more: Partial<GraphStudyOptions> = {}): Promise<GraphStudyOptions> => ({
  preset,
  graphs: [await openGraph('tree-cycles', { seed: 0, scale: preset.scale })],
  architectures: ['gcn'],
  folder,
  seed: 0,
  runtime,
  ...more,
})

describe('a study', () => {
  test('stops where it is interrupted, goes on from there, and gives the same again', { timeout: 60_000 }, async () => {
    const stop = new AbortController()
    const stopped = runGraphStudy(
      await options({
        signal: stop.signal,
        onProgress: ({ study }) => {
          if (study.endsWith('nodes')) stop.abort()
        },
      }),
    )
    await expect(stopped).rejects.toThrow(AbortedError)
    const lines: string[] = []
    const study = await runGraphStudy(await options({ log: line => lines.push(line) }))
    expect(study.failed).toEqual([])
    const [scores] = study.scores
    expect(scores!.nodes).toHaveLength(preset.nodes)
    for (const { methods, edges } of scores!.nodes)
      for (const [name, value] of Object.entries(methods)) {
        if (name === 'greedy-gain' && edges > 40) expect(value).toBeNull()
        else {
          expect(value!.scores.plus).toHaveLength(10)
          expect(Math.abs(value!.scores.fidelityAuc)).toBeLessThanOrEqual(1)
          expect(value!.scores.divergence.at(-1)!).toBeLessThan(1e-9)
        }
      }
    const [greedy, plain] = ['greedy-pig', 'integrated-gradients'].map(name => scores!.nodes[0]!.methods[name]!.cost.gradients)
    // Few edges are fewer rounds.
    expect(plain).toBe(200)
    expect(greedy).toBe(10 * Math.min(20, scores!.nodes[0]!.edges))
    for (const { scores: compressed, ranked } of scores!.compression.values()) {
      expect(compressed.agreement.at(-1)).toBe(1)
      expect(new Set(ranked).size).toBe(scores!.graph.edges)
    }
    const again = await runGraphStudy(await options({ log: line => lines.push(line) }))
    expect(again.digest).toBe(study.digest)
    expect(again.scores[0]!.nodes).toEqual(study.scores[0]!.nodes)
    const report = graphReport(study, ['facts'], 0)
    expect(graphReport(again, ['facts'], 0)).toEqual(report)
    const page = renderGraphPage(report)
    expect(page).toContain('Greedy PIG minus each rival')
    expect(page).toContain('detectable')
    expect(report.findings).toHaveLength(2)
    expect(scores!.agreement).toBeGreaterThan(0)
    const shown = scores!.nodes[0]!.methods['greedy-pig']!
    expect(Math.abs(shown.twin!.fidelityAuc)).toBeLessThanOrEqual(1)
    // These nodes have no values that noise could replace.
    expect(shown.maskOnly!.noise).toBeNull()
    expect(scores!.nodes[0]!.methods['saliency']!.maskOnly).toBeNull()
  })

  test('ground truth counts only where the motif decides', async () => {
    const study = await runGraphStudy(await options())
    const [one] = study.scores
    const nodes = one!.nodes.map(node => ({ ...node, motif: { number: node.node, edges: 6, flips: true } }))
    expect(gatesOf([{ ...one!, accuracy: 0.96, nodes }])[0]!.counts).toBe(true)
    expect(gatesOf([{ ...one!, accuracy: 0.94, nodes }])[0]!.counts).toBe(false)
    const held = nodes.map(node => ({ ...node, motif: { ...node.motif, flips: false } }))
    expect(gatesOf([{ ...one!, accuracy: 0.96, nodes: [...nodes, ...held.slice(0, 1)] }])[0]!.counts).toBe(false)
  })

  test('a rival that is worse on every node is told so, one that is equal is not resolved', async () => {
    const study = await runGraphStudy(await options())
    const [one] = study.scores
    const planted = Array.from({ length: 12 }, (_, node) => {
      const base = one!.nodes[0]!
      const value = base.methods['greedy-pig']!
      const at = (fidelityAuc: number) => ({ ...value, scores: { ...value.scores, fidelityAuc } })
      const own = 0.5 + 0.01 * (node % 3)
      const methods = {
        random: at(own + (node % 2 ? 0.02 : -0.02)),
        saliency: at(own - 0.2 + 0.01 * (node % 2)),
        'greedy-pig': at(own),
      }
      return { ...base, node, motif: null, methods }
    })
    const rows = summaryOf([{ ...one!, nodes: planted }], 0).filter(({ measure }) => measure === 'fidelity-auc')
    expect(rows.map(({ method }) => method)).toEqual(['greedy-pig', 'saliency', 'random'])
    const verdicts = Object.fromEntries(rows.map(({ method, versus }) => [method, versus?.verdict]))
    expect(verdicts).toEqual({ 'greedy-pig': undefined, saliency: 'better', random: 'not resolved' })
    const saliency = rows.find(({ method }) => method === 'saliency')!
    expect(saliency.versus!.value).toBeCloseTo(0.195, 12)
    expect(saliency.n).toBe(12)
  })
})
