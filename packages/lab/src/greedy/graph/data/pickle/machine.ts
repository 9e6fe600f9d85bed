/** @file What a pickle's operators work on: bytes to read, a stack of values, marks in it, and values kept by number. */
import { InputError } from '@ascribe/core'

/** Byte strings, of Python 2 too, are strings with one character (0 to 255) per byte. */
export const latin1 = (bytes: Uint8Array): string => {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 8192) parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)))
  return parts.join('')
}

export class PickleMachine {
  readonly memo = new Map<number, unknown>()
  readonly #stack: unknown[] = []
  readonly #marks: number[] = []
  readonly #view: DataView
  #at = 0

  constructor(
    /** What is read, for messages. */
    readonly name: string,
    private readonly bytes: Uint8Array,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  fail(what: string): never {
    throw new InputError(`${this.name}, byte ${this.#at}: ${what}`)
  }

  take(count: number): Uint8Array {
    if (!(count >= 0 && this.#at + count <= this.bytes.length)) this.fail(`the pickle ends early: ${count} more bytes are needed`)
    this.#at += count
    return this.bytes.subarray(this.#at - count, this.#at)
  }

  byte(): number {
    return this.take(1)[0]!
  }

  /** Little-endian, unless told otherwise. */
  number(kind: 'Uint16' | 'Uint32' | 'Int32', size: number): number {
    this.take(size)
    return this.#view[`get${kind}`](this.#at - size, true)
  }

  float(): number {
    this.take(8)
    return this.#view.getFloat64(this.#at - 8)
  }

  /** A count of eight bytes. */
  count(): number {
    this.take(8)
    return Number(this.#view.getBigUint64(this.#at - 8, true))
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.#at)
    if (end < 0) this.fail('the pickle ends inside a line')
    const text = latin1(this.bytes.subarray(this.#at, end))
    this.#at = end + 1
    return text.replace(/\r$/, '')
  }

  push(value: unknown): void {
    this.#stack.push(value)
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.fail('a value is missing')
    return this.#stack.pop()
  }

  top(): unknown {
    if (this.#stack.length === 0) this.fail('a value is missing')
    return this.#stack.at(-1)
  }

  mark(): void {
    this.#marks.push(this.#stack.length)
  }

  /** All values since the last mark, which goes too. */
  popMarked(): unknown[] {
    const start = this.#marks.pop()
    if (start === undefined) this.fail('a mark is missing')
    return this.#stack.splice(start)
  }

  popList(): unknown[] {
    const list = this.pop()
    return Array.isArray(list) ? list : this.fail('a list or tuple is missing')
  }

  topList(): unknown[] {
    const list = this.top()
    return Array.isArray(list) ? list : this.fail('a list is missing')
  }

  topMap(): Map<unknown, unknown> {
    const map = this.top()
    return map instanceof Map ? map : this.fail('a dict is missing')
  }

  remember(place: number): void {
    this.memo.set(place, this.top())
  }

  recall(place: number): void {
    if (!this.memo.has(place)) this.fail(`value ${place} is not known`)
    this.push(this.memo.get(place))
  }
}
