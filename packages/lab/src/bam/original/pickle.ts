/**
 * @file The one pickled value that BAM's files hold: a NumPy array of arrays of bytes. A reader of that value, not of Python objects:
 * nothing is looked up or run, any other kind of object is an error.
 */
import { InputError } from '@ascribe/core'

/** An array of bytes or booleans, row by row. */
export interface ByteArray {
  readonly dims: readonly number[]
  readonly data: Uint8Array
}

/** What stands for a Python function or class. */
class Name {
  constructor(readonly name: string) {}
}

class DataType {
  constructor(readonly code: string) {}
}

class PickledArray {
  dims: readonly number[] = []
  type = ''
  columnFirst = false
  content: unknown
}

const mark = Symbol('mark')

const reconstructors: ReadonlySet<string> = new Set(['numpy.core.multiarray._reconstruct', 'numpy._core.multiarray._reconstruct'])

/**
 * The arrays in a pickled object array, in order. Protocols 2 to 5 as NumPy writes them, from Python 2 and 3.
 *
 * @param name what to call the file in errors
 * @throws InputError where it is damaged or holds anything else
 */
export function readPickledArrays(bytes: Uint8Array, name: string): ByteArray[] {
  let value: unknown
  try {
    value = new Unpickler(bytes).run()
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(`${name}: ${cause.message}`, { cause })
    throw new InputError(`${name}: the pickled array is damaged`, { cause })
  }
  if (!(value instanceof PickledArray) || !Array.isArray(value.content))
    throw new InputError(`${name}: does not hold an array of masks`)
  return value.content.map((each: unknown, i) => byteArray(each, `${name}, mask ${i}`))
}

function byteArray(value: unknown, where: string): ByteArray {
  if (!(value instanceof PickledArray) || !(value.content instanceof Uint8Array) || !/^[|<=]?[ub]1$/.test(value.type))
    throw new InputError(`${where}: not an array of bytes`)
  const { dims, content } = value
  if (!Array.isArray(dims) || !dims.every(Number.isSafeInteger)) throw new InputError(`${where}: its shape is damaged`)
  if (content.length !== dims.reduce((product, dim) => product * dim, 1))
    throw new InputError(`${where}: ${content.length} bytes for shape [${dims}]`)
  if (!value.columnFirst) return { dims, data: content }
  const [height = 0, width = 0] = dims
  if (dims.length !== 2) throw new InputError(`${where}: has ${dims.length} dimensions, a mask has 2`)
  return { dims, data: content.map((_, i) => content[(i % width) * height + Math.floor(i / width)]!) }
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, letter => letter.codePointAt(0)!)

/** Bytes, which Python 2 and protocol 2 write as text. */
function bytesOf(value: unknown): unknown {
  return typeof value === 'string' ? latin1(value) : value
}

class Unpickler {
  readonly #stack: unknown[] = []
  readonly #memo: unknown[] = []
  readonly #view: DataView
  #at = 0

  constructor(private readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  run(): unknown {
    for (;;) {
      const code = this.#byte()
      if (code === 0x2e) return this.#stack.pop()
      const step = steps[code]
      if (!step) throw new InputError(`holds Python objects that masks do not have (pickle code ${code})`)
      step(this)
    }
  }

  #byte(): number {
    return this.#view.getUint8(this.#at++)
  }

  /** A little-endian whole number. */
  number(bytes: 1 | 2 | 4 | 8): number {
    const at = this.#at
    this.#at += bytes
    if (bytes === 1) return this.#view.getUint8(at)
    if (bytes === 2) return this.#view.getUint16(at, true)
    return bytes === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true))
  }

  signed(): number {
    this.#at += 4
    return this.#view.getInt32(this.#at - 4, true)
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.bytes.length) throw new InputError('the pickled array is cut short')
    this.#at += length
    return this.bytes.subarray(this.#at - length, this.#at)
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length))
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.#at)
    if (end < 0) throw new InputError('the pickled array is cut short')
    const line = this.text(end - this.#at)
    this.#at++
    return line
  }

  push(value: unknown): void {
    this.#stack.push(value)
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw new InputError('the pickled array is damaged')
    return this.#stack.pop()
  }

  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse()
  }

  popToMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark)
    if (at < 0) throw new InputError('the pickled array is damaged')
    const values = this.#stack.splice(at)
    return values.slice(1)
  }

  top(): unknown {
    return this.#stack.at(-1)
  }

  remember(index = this.#memo.length): void {
    this.#memo[index] = this.top()
  }

  recall(index: number): void {
    if (!(index in this.#memo)) throw new InputError('the pickled array is damaged')
    this.push(this.#memo[index])
  }

  /** What calling a function makes, for the functions that arrays are written with. */
  reduce(): void {
    const args = this.pop() as unknown[]
    const made = this.pop()
    const name = made instanceof Name ? made.name : 'an object'
    if (reconstructors.has(name)) this.push(new PickledArray())
    else if (name === 'numpy.dtype') this.push(new DataType(new TextDecoder('latin1').decode(bytesOf(args[0]) as Uint8Array)))
    else if (name === '_codecs.encode') this.push(bytesOf(args[0]))
    else throw new InputError(`holds ${name}, which masks do not have`)
  }

  /** Fills in what `reduce` made. */
  build(): void {
    const state = this.pop() as unknown[]
    const made = this.top()
    if (made instanceof DataType) return
    if (!(made instanceof PickledArray)) throw new InputError('holds Python objects that masks do not have')
    const [, dims, type, columnFirst, content] = state
    made.dims = dims as number[]
    made.type = (type as DataType).code
    made.columnFirst = columnFirst === true || columnFirst === 1
    made.content = bytesOf(content)
  }
}

type Step = (machine: Unpickler) => void

/** What each code of the pickle format does; the names are the format's own. */
const steps: Readonly<Record<number, Step>> = {
  128: m => m.number(1), // PROTO
  149: m => m.number(8), // FRAME
  40: m => m.push(mark), // MARK
  41: m => m.push([]), // EMPTY_TUPLE
  116: m => m.push(m.popToMark()), // TUPLE
  133: m => m.push(m.popMany(1)), // TUPLE1
  134: m => m.push(m.popMany(2)), // TUPLE2
  135: m => m.push(m.popMany(3)), // TUPLE3
  93: m => m.push([]), // EMPTY_LIST
  97: m => append(m, [m.pop()]), // APPEND
  101: m => append(m, m.popToMark()), // APPENDS
  74: m => m.push(m.signed()), // BININT
  75: m => m.push(m.number(1)), // BININT1
  77: m => m.push(m.number(2)), // BININT2
  73: m => m.push(truth(m.line())), // INT
  78: m => m.push(null), // NONE
  136: m => m.push(true), // NEWTRUE
  137: m => m.push(false), // NEWFALSE
  88: m => m.push(m.text(m.number(4))), // BINUNICODE
  140: m => m.push(m.text(m.number(1))), // SHORT_BINUNICODE
  66: m => m.push(m.take(m.number(4))), // BINBYTES
  67: m => m.push(m.take(m.number(1))), // SHORT_BINBYTES
  142: m => m.push(m.take(m.number(8))), // BINBYTES8
  84: m => m.push(m.take(m.number(4))), // BINSTRING
  85: m => m.push(m.take(m.number(1))), // SHORT_BINSTRING
  99: m => m.push(new Name(`${m.line()}.${m.line()}`)), // GLOBAL
  147: m => m.push(new Name(m.popMany(2).join('.'))), // STACK_GLOBAL
  82: m => m.reduce(), // REDUCE
  98: m => m.build(), // BUILD
  113: m => m.remember(m.number(1)), // BINPUT
  114: m => m.remember(m.number(4)), // LONG_BINPUT
  148: m => m.remember(), // MEMOIZE
  104: m => m.recall(m.number(1)), // BINGET
  106: m => m.recall(m.number(4)), // LONG_BINGET
}

function append(machine: Unpickler, values: readonly unknown[]): void {
  const list = machine.top()
  if (!Array.isArray(list)) throw new InputError('the pickled array is damaged')
  for (const value of values) list.push(value)
}

/** Python 2 writes True and False as the numbers 01 and 00. */
const truth = (digits: string): number | boolean => (digits === '01' ? true : digits === '00' ? false : Number(digits))
