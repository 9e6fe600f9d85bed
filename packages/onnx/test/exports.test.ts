/** @file Real architectures as their exporters write them (the parity fixtures, which hold no weights): shapes, folding, re-batching. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { batchSymbol, type Graph, readModel, rebatch, specialise } from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'

const folder = new URL('../../autodiff/test/fixtures/parity/', import.meta.url)
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter(name => name.endsWith('.onnx.gz'))
      .map(name => name.slice(0, -'.onnx.gz'.length))
  : []

/** Folding may compute with small weights; large ones are not to be read. */
const load = (name: string): Graph =>
  readModel(gunzipSync(readFileSync(new URL(`${name}.onnx.gz`, folder))), {
    external: (location, offset, length) => {
      if (length === undefined || length > 2 ** 21) throw new Error(`the large weight at ${offset} of ${location} was read`)
      return new Uint8Array(Float32Array.from({ length: length / 4 }, (_, i) => Math.sin(offset + i)).buffer)
    },
  })

const open = (graph: Graph): string[] => graph.nodes.flatMap(node => node.outputs).filter(name => name && !graph.dims(name))

/** Graph networks have nodes and edges, not rows. */
const networks = /^(gcn|gat|sage|gin)/

test.skipIf(names.length > 0)('there are no parity fixtures here: nothing to test', () => {})

describe.skipIf(names.length === 0)('exported architectures', () => {
  for (const name of names) {
    test(name, () => {
      const graph = load(name)
      const symbol = batchSymbol(graph)
      const symbols = new Set(graph.inputs.flatMap(({ type }) => (type.shape ?? []).filter(dim => typeof dim === 'string')))
      const fixed = specialise(graph, {
        dimensions: Object.fromEntries([...symbols].map(each => [each, each === symbol ? 2 : 16])),
      })
      if (!networks.test(name)) {
        expect(open(fixed)).toEqual([])
        const made = rebatch(fixed, 3)
        expect(made?.outputs.map(({ type }) => type.shape)).toEqual(fixed.outputs.map(({ type }) => [3, ...type.shape!.slice(1)]))
        expect(made && open(made)).toEqual([])
        expect(made?.initializers.size).toBeGreaterThan(0)
      } else expect(rebatch(fixed, 3)).toBeUndefined()
    })
  }
})
