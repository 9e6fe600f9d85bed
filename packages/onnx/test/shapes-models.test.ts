import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeModel, inferShapes } from '@ascribe/onnx'
import { expect, test } from 'vitest'

const path = join(
  process.env['ASCRIBE_SHARED'] ?? join(import.meta.dirname, '../../../../shared'),
  'data/mobilenet_v1_0.25_224/model.onnx',
)

test.skipIf(!existsSync(path))('MobileNet (skipped where the shared data is absent): every value has a known shape', () => {
  const graph = inferShapes(decodeModel(readFileSync(path), {}).graph, { declared: false })
  const open = graph.nodes.flatMap(node => node.outputs).filter(name => !graph.type(name)?.shape?.every(dim => dim !== null))
  expect(open).toEqual([])
  expect(graph.outputs.map(({ type }) => type)).toMatchInlineSnapshot(`
    [
      {
        "dtype": "float32",
        "shape": [
          "batch",
          1000,
        ],
      },
    ]
  `)
})
