import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions, type Plugin } from 'vite'
import { describe, expect, it } from 'vitest'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const nodeOnly = /^(onnxruntime-node|sharp)(\/|$)/
const nodeGlobals = new Set(['Buffer', 'process', '__dirname', '__filename', 'require', 'setImmediate', 'global'])

interface SyntaxNode {
  readonly type: string
  readonly [key: string]: unknown
}

const isNode = (value: unknown): value is SyntaxNode => typeof value === 'object' && value !== null && 'type' in value

/** Names of Node globals that a module uses and does not itself declare. */
function globalsUsed(program: SyntaxNode): string[] {
  const used = new Set<string>()
  const declared = new Set<string>()
  const visit = (node: SyntaxNode, parent?: SyntaxNode, key?: string): void => {
    const name = node.type === 'Identifier' ? (node['name'] as string) : ''
    if (nodeGlobals.has(name)) {
      const isLabel = (key === 'property' || key === 'key') && parent?.['computed'] !== true
      const isDeclared = key === 'id' || key === 'params' || key === 'local'
      if (isDeclared) declared.add(name)
      else if (!isLabel) used.add(name)
    }
    for (const [child, value] of Object.entries(node))
      for (const item of Array.isArray(value) ? value : [value]) if (isNode(item)) visit(item, node, child)
  }
  visit(program)
  return [...used].filter(name => !declared.has(name))
}

/** Bundles one entry for the browser and lists what in it only Node has, with the module that asks for it. */
async function offences(entry: string, source?: string): Promise<string[]> {
  const found = new Set<string>()
  const short = (id = '') => id.replace(packages, '')
  const watch: Plugin = {
    name: 'watch-for-node',
    enforce: 'pre',
    resolveId(id, importer) {
      if (isBuiltin(id) || nodeOnly.test(id)) {
        found.add(`${id} in ${short(importer)}`)
        return { id, external: true }
      }
      return source !== undefined && id === entry ? id : null
    },
    load: id => (source !== undefined && id === entry ? source : null),
  }
  const globals: Plugin = {
    name: 'watch-for-node-globals',
    transform(code, id) {
      if (!id.startsWith(packages)) return
      for (const name of globalsUsed(this.parse(code) as unknown as SyntaxNode)) found.add(`${name} in ${short(id)}`)
    },
  }
  await build({
    configFile: false,
    logLevel: 'silent',
    root: packages,
    resolve: { conditions: ['source', ...defaultClientConditions] },
    plugins: [watch, globals],
    build: { write: false, minify: false, lib: { entry, formats: ['es'], fileName: 'bundle' } },
  })
  return [...found].sort()
}

describe('in the browser', () => {
  it.each(['onnx', 'autodiff', 'core'])('@ascribe/%s asks for nothing that only Node has', async name => {
    expect(await offences(`${packages}${name}/src/index.ts`)).toEqual([])
  })

  const scratch = `${packages}core/src/scratch.ts`
  it.each([
    ["import { readFileSync } from 'node:fs'; export const x = readFileSync", 'node:fs in core/src/scratch.ts'],
    ["import { join } from 'path'; export const x: unknown = join", 'path in core/src/scratch.ts'],
    ["export const x = () => import('onnxruntime-node')", 'onnxruntime-node in core/src/scratch.ts'],
    ["import sharp from 'sharp'; export const x = sharp", 'sharp in core/src/scratch.ts'],
    ["export * from './runtime/node.js'", 'node:child_process in core/src/runtime/process/node.ts'],
    ['export const x = Buffer.from([1])', 'Buffer in core/src/scratch.ts'],
    ['export const x = process.env', 'process in core/src/scratch.ts'],
  ])('the test would notice: %s', async (source, offence) => {
    expect(await offences(scratch, source)).toContain(offence)
  })

  it('the test is no stricter than that', async () => {
    const source =
      "import { GraphBuilder } from '@ascribe/onnx'; const process = 1; export const x = { Buffer: process, GraphBuilder }"
    expect(await offences(scratch, source)).toEqual([])
  })
})
