/** @file `ascribe greedy graph`: a graph from files, its report, and what is wrong in one line. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectError, run, scratch } from './support/run.js'

const folder = scratch()

/** Two rings of 12 papers, one per class, whose words tell the class. */
function writeGraph(): string {
  const home = join(folder, 'rings')
  mkdirSync(home)
  const splits = ['train', 'val', 'test'] as const
  const nodes = Array.from({ length: 24 }, (_, i) => `${i},${i % 2},${splits[i % 3]},${i % 2} ${2 + (i % 3)}`)
  const edges = Array.from({ length: 24 }, (_, i) => [`${i},${(i + 2) % 24}`, `${i},${(i + 4) % 24}`]).flat()
  writeFileSync(join(home, 'nodes.csv'), `node,class,split,words\n${nodes.join('\n')}\n`)
  writeFileSync(join(home, 'edges.csv'), `source,target\n${edges.join('\n')}\n`)
  return home
}

describe('ascribe greedy graph', () => {
  it('explains nodes of a graph, compresses it and writes the report', async () => {
    const out = join(folder, 'out')
    const args = ['greedy', 'graph', writeGraph(), '--preset', 'smoke', '--folder', out, '--processes', '1', '--nodes', '3']
    expectError(await run([...args, '-a', 'resnet']), 2, /no network on graphs is called "resnet" \(there are gcn, gat, sage\)/)
    expectError(await run(['greedy', 'graph', 'ba-shape']), 2, /there is no graph "ba-shape"; did you mean "ba-shapes"/)
    const done = await run([...args, '--json'])
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toMatch(/rings-gcn nodes: 3 cells; to do: 3 cells, about [\d,]+ gradients/)
    const report = JSON.parse(done.stdout)
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toEqual(report)
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<svg')
    const again = await run(args)
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).toMatch(/rings-gcn nodes: 3 cells, all done before/)
    expect(again.stdout).toMatch(/greedy-pig +fidelity AUC -?\d\.\d{3}/)
  }, 60_000)
})
