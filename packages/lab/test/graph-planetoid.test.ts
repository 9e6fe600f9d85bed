/** @file Planetoid files against the arrays they were written from, and what a pickle must not do. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '@ascribe/core'
import { afterAll, describe, expect, test } from 'vitest'
import { openGraph } from '../src/greedy/graph/data/open.js'
import { NumberArray, readPickle } from '../src/greedy/graph/data/pickle/index.js'

interface Fixture {
  readonly features: readonly (readonly number[])[]
  readonly labels: readonly number[]
  readonly edges: readonly (readonly [number, number])[]
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly pickles: Readonly<Record<string, string>>
}
const fixture = JSON.parse(readFileSync(new URL('fixtures/planetoid.json', import.meta.url), 'utf8')) as Fixture
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const opened = (name: string): unknown => readPickle(bytesOf(fixture.pickles[name]!), name)

const home = mkdtempSync(join(tmpdir(), 'planetoid-'))
afterAll(() => rmSync(home, { recursive: true }))

function written(kind: string, change: Readonly<Record<string, Uint8Array | undefined>> = {}): string {
  const folder = mkdtempSync(join(home, 'files-'))
  for (const [part, text] of Object.entries(fixture.files[kind]!)) {
    const bytes = part in change ? change[part] : bytesOf(text)
    if (bytes) writeFileSync(join(folder, `ind.citeseer.${part}`), bytes)
  }
  return folder
}

describe('Planetoid files', () => {
  test.each(Object.keys(fixture.files))('written by %s: rows, classes, edges, splits', async kind => {
    const graph = await openGraph(written(kind), { seed: 0 })
    expect([graph.name, graph.nodes, graph.columns, graph.classes.length]).toEqual(['citeseer', 10, 5, 3])
    const wanted = fixture.features.flatMap(row => {
      const total = row.reduce((sum, value) => sum + value, 0)
      return row.map(value => Math.fround(total > 0 ? value / total : 0))
    })
    expect([...graph.features]).toEqual(wanted)
    // Paper 7 is isolated: it is in no list, has no words, and stands in the first class.
    expect([...graph.labels]).toEqual(fixture.labels)
    expect(graph.labels[7]).toBe(0)
    const edges = Array.from({ length: graph.edges }, (_, edge) => [graph.ends[2 * edge]!, graph.ends[2 * edge + 1]!])
    const loopless = fixture.edges.filter(([a, b]) => a !== b)
    expect(edges.sort(([a, b], [c, d]) => a! - c! || b! - d!)).toEqual(loopless)
    const { train, validation, test: tested } = graph.splits
    expect([[...train], [...validation], [...tested]]).toEqual([
      [0, 1],
      [2, 3, 4, 5],
      [8, 6, 9],
    ])
  })

  test('files that are missing, cut off, or do not fit', async () => {
    const kind = 'python 2'
    const opening = (change: Readonly<Record<string, Uint8Array | undefined>>) => openGraph(written(kind, change), { seed: 0 })
    await expect(opening({ ty: undefined })).rejects.toThrow(/ind\.citeseer\.ty is missing beside ind\.citeseer\.graph/)
    const allx = bytesOf(fixture.files[kind]!['allx']!)
    await expect(opening({ allx: allx.subarray(0, 100) })).rejects.toThrow(/ind\.citeseer\.allx, byte \d+: the pickle ends/)
    await expect(opening({ x: allx })).rejects.toThrow(/sizes do not fit: x and y/)
    await expect(opening({ 'test.index': new TextEncoder().encode('8\n6\n') })).rejects.toThrow(/3 different nodes from 6 on/)
    await expect(opening({ graph: allx })).rejects.toThrow(/a dict of lists is needed/)
  })
})

describe('pickles', () => {
  test('values of protocols 0 and 2', () => {
    const bytes = '\xff\x00\n'
    const wanted = [null, true, -3, 2 ** 40, 1.25, 'ä', "it's", [1, 2, 3, 4], new Map([['a', [1]]]), bytes]
    expect(opened('values')).toEqual(wanted)
    expect(opened('values0')).toEqual(wanted)
    expect(opened('py2 string 0')).toBe("it's \x00\xff\n")
    expect(opened('scalar')).toBe(0.5)
  })

  test('arrays in both orders of bytes and as text', () => {
    const large = opened('int64 big-endian') as NumberArray
    expect(large).toBeInstanceOf(NumberArray)
    expect([large.shape, [...large.values]]).toEqual([
      [2, 2],
      [1, -2, 3, 2 ** 40],
    ])
    expect([...(opened('protocol 0') as NumberArray).values]).toEqual([1.5, -2.25, 10])
  })

  test('what is not data is refused by name', () => {
    expect(() => opened('system')).toThrow(/posix\.system is not read/)
    expect(() => opened('csc')).toThrow(/csc_matrix is not read/)
    expect(() => opened('fortran')).toThrow(/order of Fortran/)
    expect(() => opened('object')).toThrow(/numpy type "O8" is not read/)
    for (const [text, message] of [
      ['\x80\x02\x99', /0x99 is no operator/],
      ['garbage', /ends inside a line/],
      ['.', /a value is missing/],
      ['K\x01K\x02R.', /a list or tuple is missing/],
      ['K\x01)R.', /no known class is called/],
      ['h\x05.', /value 5 is not known/],
      ['', /ends early/],
    ] as const) {
      expect(() => readPickle(new Uint8Array(Buffer.from(text, 'latin1')), 'small')).toThrow(InputError)
      expect(() => readPickle(new Uint8Array(Buffer.from(text, 'latin1')), 'small')).toThrow(message)
    }
  })
})
