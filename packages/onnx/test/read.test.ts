/** @file Reading model files in Node: embedded and external weights, links, and what cannot be read. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ExternalDataError, encodeModel, GraphBuilder, MalformedModelError, normalOpset, Tensor } from '../src/index.js'
import { readModelFile } from '../src/node.js'

const folder = mkdtempSync(join(tmpdir(), 'ascribe-read-'))
afterAll(() => rmSync(folder, { recursive: true }))

const numbers = Array.from({ length: 512 }, (_, i) => i / 8)

function dense(origin?: { location: string; offset: number; length: number }): Uint8Array {
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', ['N', 512])
  const tensor = Tensor.float32([512], numbers)
  const weight = builder.constant(origin ? new Tensor('float32', [512], tensor.bytes, origin) : tensor, 'weight')
  builder.output(builder.emit('Mul', [x, weight]), 'float32', ['N', 512])
  return encodeModel(builder.build(), { weights: 'reference' })
}

const write = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

const external = (location: string): string =>
  write(`at-${location.replace(/\W/g, '_')}.onnx`, dense({ location, offset: 16, length: 2048 }))

const data = new Uint8Array(2064)
data.set(Tensor.float32([512], numbers).bytes, 16)

describe('readModelFile', () => {
  it('keeps weights as views with their origin', () => {
    const bytes = dense()
    const graph = readModelFile(write('whole.onnx', bytes))
    const weight = [...graph.initializers.values()][0]!
    expect(weight.origin!.location).toBe('whole.onnx')
    const { offset, length } = weight.origin!
    expect(Array.from(bytes.subarray(offset, offset + length))).toEqual(Array.from(weight.bytes))
    expect(Array.from(weight.numbers())).toEqual(numbers)
  })

  it('reads external data when asked for, at its offset', () => {
    write('weights.bin', data)
    const weight = [...readModelFile(external('weights.bin')).initializers.values()][0]!
    expect(weight.origin).toEqual({ location: 'weights.bin', offset: 16, length: 2048 })
    expect(Array.from(weight.numbers())).toEqual(numbers)
  })

  it('follows links inside the folder and refuses those that leave it', () => {
    const outside = mkdtempSync(join(tmpdir(), 'ascribe-outside-'))
    try {
      writeFileSync(join(outside, 'secret.bin'), data)
      mkdirSync(join(folder, 'inner'))
      write('inner/real.bin', data)
      symlinkSync(join(folder, 'inner', 'real.bin'), join(folder, 'linked.bin'))
      symlinkSync(join(outside, 'secret.bin'), join(folder, 'leaving.bin'))
      symlinkSync(outside, join(folder, 'door'))
      const bytesAt = (location: string): Uint8Array => [...readModelFile(external(location)).initializers.values()][0]!.bytes
      expect(bytesAt('linked.bin').length).toBe(2048)
      expect(() => bytesAt('leaving.bin')).toThrow(ExternalDataError)
      expect(() => bytesAt('leaving.bin')).toThrow(/leaves the model's folder/)
      expect(() => bytesAt('door/secret.bin')).toThrow(/leaves the model's folder/)
    } finally {
      rmSync(outside, { recursive: true })
    }
  })

  it('follows a model that is itself a link beside linked data, as model caches keep them', () => {
    const cache = mkdtempSync(join(tmpdir(), 'ascribe-cache-'))
    try {
      mkdirSync(join(cache, 'blobs'))
      mkdirSync(join(cache, 'snapshot'))
      writeFileSync(join(cache, 'blobs', 'aa'), dense({ location: 'model.data', offset: 16, length: 2048 }))
      writeFileSync(join(cache, 'blobs', 'bb'), data)
      symlinkSync('../blobs/aa', join(cache, 'snapshot', 'model.onnx'))
      symlinkSync('../blobs/bb', join(cache, 'snapshot', 'model.data'))
      const graph = readModelFile(join(cache, 'snapshot', 'model.onnx'))
      expect(Array.from([...graph.initializers.values()][0]!.numbers())).toEqual(numbers)
    } finally {
      rmSync(cache, { recursive: true })
    }
  })

  for (const location of ['../weights.bin', '/etc/hostname', 'a/../../b', 'C:\\x', '..\\x', ''])
    it(`refuses external data at "${location}"`, () => {
      expect(() => readModelFile(external(location))).toThrow(ExternalDataError)
    })

  it('says what is missing, short or no model', () => {
    expect(() => readModelFile(join(folder, 'absent.onnx'))).toThrow(
      new MalformedModelError(`cannot read the model "${join(folder, 'absent.onnx')}": there is no such file`),
    )
    expect(() => readModelFile(folder)).toThrow(/it is not a file/)
    const pipe = join(folder, 'pipe.onnx')
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [pipe])
      expect(() => readModelFile(pipe)).toThrow(/it is not a file/)
    }
    expect(() => readModelFile(write('empty.onnx', ''))).toThrow(MalformedModelError)
    expect(() => readModelFile(write('text.onnx', 'this is not a model at all'))).toThrow(MalformedModelError)
    expect(() => readModelFile(write('lfs.onnx', 'version https://git-lfs.github.com/spec/v1\noid sha256:00'))).toThrow(
      /Git LFS pointer/,
    )
    const gone = [...readModelFile(external('gone.bin')).initializers.values()][0]!
    expect(() => gone.bytes).toThrow(/cannot read the external data file "gone.bin"/)
    write('short.bin', data.subarray(0, 100))
    const short = [...readModelFile(external('short.bin')).initializers.values()][0]!
    expect(() => short.bytes).toThrow(/too short/)
  })
})

const mobilenet = resolve(__dirname, '../../../../shared/data/mobilenet_v1_0.25_224/model.onnx')
describe.skipIf(!existsSync(mobilenet))('the real MobileNet (skipped where ../shared is absent)', () => {
  it('reads into normal form with every weight where it lies', () => {
    const graph = readModelFile(mobilenet)
    expect(graph.opsets.get('')).toBe(normalOpset)
    expect(graph.outputs.length).toBeGreaterThan(0)
    for (const { origin, byteLength } of graph.initializers.values())
      if (byteLength >= 1024) expect(origin?.location).toBe('model.onnx')
  })
})
