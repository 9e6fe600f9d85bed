/** @file .npy and .npz: bytes made with NumPy 2.4, every type, hostile files. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readNpy, readNpz, writeNpy, writeNpz } from '../src/io/index.js'
import type { TensorValue } from '../src/tensor-value.js'

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), c => c.charCodeAt(0))

/** np.asfortranarray(np.arange(24, dtype='<f8').reshape(2, 3, 4)) as np.save writes it. */
const fortran =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAg' +
  'ICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAChAAAAAAAAAEEAAAAAAAAAwQAAAAAAAACBAAAAAAAAANEAAAAAAAADwPwAAAAAAACpAAAAAAAAA' +
  'FEAAAAAAAAAxQAAAAAAAACJAAAAAAAAANUAAAAAAAAAAQAAAAAAAACxAAAAAAAAAGEAAAAAAAAAyQAAAAAAAACRAAAAAAAAANkAAAAAAAAAIQAAAAAAAAC5AAAAAAAAA' +
  'HEAAAAAAAAAzQAAAAAAAACZAAAAAAAAAN0A='
/** np.array([[1.5, -2, 3], [4, 5, inf]], '<f4') as np.save writes it. */
const saved =
  'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgIC' +
  'AgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAQEAAAIBAAACgQAAAgH8='
/** np.savez_compressed(input=[[1, 2]] as '<f4', mask=[True, False]); np.savez(ids=[3, 4]). */
const compressed =
  'UEsDBC0AAAAIAAAAIQCxRkXq//////////8JABQAaW5wdXQubnB5AQAQAIgAAAAAAAAATgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2airqOgnpZfVFKUmBefX5SS' +
  'ChJ3S8wpTgWKF2ckFqQC+RqGOgpGmjoKtQpkAy4GhgZ7BgYGBwBQSwMELQAAAAgAAAAhAO4Zu13//////////wgAFABtYXNrLm5weQEAEACCAAAAAAAAAEYAAAAAAAAAm+wX' +
  '6hsQychQxlCtnpJanFykbqWgXpNkqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALkYGAFBLAQItAy0AAAAIAAAAIQCxRkXqTgAAAIgAAAAJAAAA' +
  'AAAAAAAAAACAAQAAAABpbnB1dC5ucHlQSwECLQMtAAAACAAAACEA7hm7XUYAAACCAAAACAAAAAAAAAAAAAAAgAGJAAAAbWFzay5ucHlQSwUGAAAAAAIAAgBtAAAACQEAAAAA'
const plain =
  'UEsDBC0AAAAAAAAAIQDo0NOo//////////8HABQAaWRzLm5weQEAEACQAAAAAAAAAJAAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXIn' +
  'OiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoDAAAAAAAAAAQAAAAA' +
  'AAAAUEsBAi0DLQAAAAAAAAAhAOjQ06iQAAAAkAAAAAcAAAAAAAAAAAAAAIABAAAAAGlkcy5ucHlQSwUGAAAAAAEAAQA1AAAAyQAAAAAA'

/** A .npy file put together by hand. */
function npy(descr: string, shape: string, data: readonly number[], { version = 1, order = 'False' } = {}): Uint8Array {
  const header = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`
  const length = version === 1 ? [header.length & 255, header.length >> 8] : [header.length & 255, header.length >> 8, 0, 0]
  return Uint8Array.from([0x93, 78, 85, 77, 80, 89, version, 0, ...length, ...[...header].map(c => c.charCodeAt(0)), ...data])
}

describe('readNpy', () => {
  it('turns column-major arrays of NumPy into row-major ones', () => {
    const { dtype, dims, data } = readNpy(bytesOf(fortran))
    expect({ dtype, dims, data: [...data] }).toEqual({
      dtype: 'float64',
      dims: [2, 3, 4],
      data: Array.from({ length: 24 }, (_, i) => i),
    })
  })

  it('reads what np.save writes, and writes the same bytes', () => {
    const value = readNpy(bytesOf(saved))
    expect(value.dims).toEqual([2, 3])
    expect([...value.data]).toEqual([1.5, -2, 3, 4, 5, Number.POSITIVE_INFINITY])
    expect(writeNpy(value)).toEqual(bytesOf(saved))
  })

  it('widens float16 exactly, with subnormals, infinities and NaN', () => {
    const { dtype, data } = readNpy(npy("'<f2'", '(6,)', [0, 0x3c, 0, 0xb8, 0xff, 0x7b, 1, 0, 0, 0x7e, 0, 0xfc]))
    expect(dtype).toBe('float32')
    expect([...data]).toEqual([1, -0.5, 65504, 2 ** -24, Number.NaN, Number.NEGATIVE_INFINITY])
  })

  it('turns big-endian elements around', () => {
    expect([...readNpy(npy("'>i4'", '(3,)', [0, 0, 0, 1, 255, 255, 255, 254, 0, 1, 0x11, 0x70])).data]).toEqual([1, -2, 70000])
    expect([...readNpy(npy("'>f2'", '(2,)', [0x3e, 0, 0xc0, 0])).data]).toEqual([1.5, -2])
    expect([...readNpy(npy("'>u8'", '()', [1, 0, 0, 0, 0, 0, 0, 2])).data]).toEqual([2n ** 56n + 2n])
  })

  it('reads booleans, scalars, empty arrays, versions 2 and 3, and single-column Fortran order', () => {
    expect(readNpy(npy("'|b1'", '(3,)', [1, 0, 7]))).toEqual({ dtype: 'bool', dims: [3], data: Uint8Array.of(1, 0, 1) })
    expect(readNpy(npy("'<i8'", '()', [251, 255, 255, 255, 255, 255, 255, 255]))).toEqual({
      dtype: 'int64',
      dims: [],
      data: BigInt64Array.of(-5n),
    })
    expect(readNpy(npy("'<f4'", '(0, 3)', []))).toEqual({ dtype: 'float32', dims: [0, 3], data: new Float32Array(0) })
    expect(readNpy(npy("'<u2'", '(1, 2)', [7, 0, 255, 255], { version: 3 })).data).toEqual(Uint16Array.of(7, 65535))
    expect(readNpy(npy("'|i1'", '(2L,)', [255, 1], { version: 2, order: 'True' })).data).toEqual(Int8Array.of(-1, 1))
  })

  it.each([
    ['no .npy at all', Uint8Array.from('hello world', c => c.charCodeAt(0)), /^x\.npy: not a \.npy file$/],
    ['nothing', new Uint8Array(0), /not a \.npy file/],
    ['an unknown version', npy("'<f4'", '(1,)', [0, 0, 0, 0], { version: 4 }), /version 4/],
    ['a header cut short', npy("'<f4'", '(1,)', []).subarray(0, 30), /header is cut short/],
    ['a header without shape', npy("'<f4'", "'x'", [0, 0, 0, 0]), /header cannot be read/],
    ['data cut short', npy("'<f4'", '(2,)', [0, 0, 0, 0]), /needs 8 bytes of data, the file holds 4/],
    ['data too long', npy("'<f4'", '(1,)', [0, 0, 0, 0, 0]), /needs 4 bytes of data, the file holds 5/],
    ['a size beyond all memory', npy("'<f4'", '(99999999999, 99999999999)', [0, 0, 0, 0]), /needs .* bytes of data/],
    ['complex numbers', npy("'<c16'", '(1,)', new Array(16).fill(0)), /complex numbers/],
    ['text', npy("'<U2'", '(1,)', new Array(8).fill(0)), /holds text/],
    ['Python objects', npy("'|O'", '(1,)', [0]), /Python objects/],
    ['records', npy("[('a', '<f4')]", '(1,)', [0, 0, 0, 0]), /records with several fields/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readNpy(bytes, 'x.npy')).toThrow(message)
    expect(() => readNpy(bytes, 'x.npy')).toThrow(expect.objectContaining({ name: 'InputError' }))
  })

  it('never fails in another way, whatever the bytes', () => {
    const start = npy("'<f4'", '(2, 1)', [0, 0, 128, 63, 0, 0, 0, 64])
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(start.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(start.length),
        (edits, length) => {
          const bytes = start.slice(0, length)
          for (const [at, value] of edits) if (at < length) bytes[at] = value
          try {
            readNpy(bytes)
          } catch (error) {
            expect((error as Error).name).toBe('InputError')
          }
        },
      ),
      { numRuns: 300, seed: 0 },
    )
  })
})

it.each<TensorValue>([
  { dtype: 'float32', dims: [2, 2], data: Float32Array.of(1, -0, Number.NaN, 1e-42) },
  { dtype: 'float64', dims: [1], data: Float64Array.of(Math.PI) },
  { dtype: 'int8', dims: [3], data: Int8Array.of(-128, 0, 127) },
  { dtype: 'uint8', dims: [], data: Uint8Array.of(200) },
  { dtype: 'int16', dims: [1, 1, 1], data: Int16Array.of(-2) },
  { dtype: 'uint16', dims: [2], data: Uint16Array.of(1, 65535) },
  { dtype: 'int32', dims: [2], data: Int32Array.of(-1, 2) },
  { dtype: 'uint32', dims: [1], data: Uint32Array.of(4e9) },
  { dtype: 'int64', dims: [2], data: BigInt64Array.of(-(2n ** 63n), 5n) },
  { dtype: 'uint64', dims: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  { dtype: 'bool', dims: [2], data: Uint8Array.of(1, 0) },
])('$dtype comes back as written, data at a multiple of 64 bytes', value => {
  const bytes = writeNpy(value)
  expect((bytes.length - value.data.byteLength) % 64).toBe(0)
  expect(readNpy(bytes)).toEqual(value)
})

it('writes only the part of the buffer that an array views', () => {
  const view = new Float32Array(Float32Array.of(9, 1, 2, 9).buffer, 4, 2)
  expect(readNpy(writeNpy({ dtype: 'float32', dims: [2], data: view })).data).toEqual(Float32Array.of(1, 2))
})

describe('npz', () => {
  it('reads what np.savez and np.savez_compressed write', () => {
    expect({ ...readNpz(bytesOf(plain)) }).toEqual({ ids: { dtype: 'int64', dims: [2], data: BigInt64Array.of(3n, 4n) } })
    expect({ ...readNpz(bytesOf(compressed)) }).toEqual({
      input: { dtype: 'float32', dims: [1, 2], data: Float32Array.of(1, 2) },
      mask: { dtype: 'bool', dims: [2], data: Uint8Array.of(1, 0) },
    })
  })

  it('comes back as written, deflated or not, with equal bytes for equal tensors', () => {
    const tensors = { 'a/b': readNpy(bytesOf(saved)), __proto: readNpy(bytesOf(fortran)) }
    for (const compress of [false, true]) {
      const bytes = writeNpz(tensors, { compress })
      expect({ ...readNpz(bytes) }).toEqual(tensors)
      expect(writeNpz(tensors, { compress })).toEqual(bytes)
    }
    expect(writeNpz(tensors, { compress: true }).length).toBeLessThan(writeNpz(tensors).length)
  })

  it('refuses damage, other contents and empty archives by name', () => {
    expect(() => readNpz(bytesOf(compressed).subarray(0, 200), 'in.npz')).toThrow(/^in\.npz: not a \.npz file, or damaged/)
    const damaged = bytesOf(plain)
    damaged[60] = 0
    expect(() => readNpz(damaged, 'in.npz')).toThrow(/^in\.npz \[ids\.npy\]: not a \.npy file/)
    expect(() => readNpz(writeNpz({}), 'in.npz')).toThrow('holds no array')
  })
})
