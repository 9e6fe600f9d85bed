/** @file Walks the lists of objects in a JSON file without holding the file: COCO's instances are hundreds of megabytes. */
import { createReadStream } from 'node:fs'
import { InputError } from '@ascribe/core'

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** What is done with each object of the list under a key of the file's outermost object; null: the list must be there, no more. */
export type ListVisitors = Readonly<Record<string, ((element: unknown) => void) | null>>

/**
 * Calls the visitors for the objects of their lists, in file order; everything else is passed over. Memory is one element's.
 *
 * @throws InputError where the file cannot be read, is not one JSON object, is cut short, or lacks one of the lists
 */
export async function visitLists(path: string, visitors: ListVisitors, signal?: AbortSignal): Promise<void> {
  const walker = new Walker(path, visitors)
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) }))
      walker.feed(chunk as Buffer)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT') throw new InputError(`${path}: there is no such file`, { cause })
    if (code === 'EISDIR') throw new InputError(`${path}: is a folder, not a file`, { cause })
    throw cause
  }
  walker.end()
}

class Walker {
  #depth = 0
  #inString = false
  #escaped = false
  #started = false
  /** Latest string at the outermost level: the key of the value that follows. */
  #key = ''
  #keyStart = -1
  #visitor: ((element: unknown) => void) | undefined
  /** Parts of the element in hand from earlier chunks; null between elements. */
  #held: Buffer[] | null = null
  readonly #found = new Set<string>()

  constructor(
    private readonly path: string,
    private readonly visitors: ListVisitors,
  ) {}

  feed(chunk: Buffer): void {
    // A key cut by a chunk's end is completed by joining; keys stand outside elements, so this stays small.
    let start = 0
    this.#keyStart = this.#inString && this.#depth === 1 ? 0 : -1
    const keyHead = this.#keyStart === 0 ? this.#key : ''
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === backslash) this.#escaped = true
        else if (byte === quote) {
          this.#inString = false
          if (this.#depth === 1) this.#key = (this.#keyStart === 0 ? keyHead : '') + chunk.toString('utf8', this.#keyStart, i)
        }
        continue
      }
      switch (byte) {
        case quote:
          this.#inString = true
          this.#keyStart = i + 1
          break
        case openBrace:
          if (this.#depth === 2 && this.#visitor) {
            this.#held = []
            start = i
          }
          this.#open(byte)
          break
        case openBracket:
          this.#open(byte)
          break
        case closeBrace:
        case closeBracket:
          this.#depth--
          if (this.#depth === 2 && this.#held) {
            this.#visitor!(this.#parse([...this.#held, chunk.subarray(start, i + 1)]))
            this.#held = null
          }
          if (this.#depth < 0) this.#fail('brackets do not match')
          break
        default:
          if (!this.#started && byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) this.#fail('not a JSON object')
      }
    }
    if (this.#held) this.#held.push(Buffer.from(chunk.subarray(start)))
    if (this.#inString && this.#depth === 1)
      this.#key = (this.#keyStart === 0 ? keyHead : '') + chunk.toString('utf8', this.#keyStart)
  }

  end(): void {
    if (!this.#started) this.#fail('not a JSON object')
    if (this.#depth !== 0 || this.#inString) this.#fail('the file is cut short')
    for (const key of Object.keys(this.visitors)) if (!this.#found.has(key)) this.#fail(`it has no list '${key}'`)
  }

  #open(byte: number): void {
    if (!this.#started && byte !== openBrace) this.#fail('not a JSON object')
    this.#started = true
    if (this.#depth === 1) {
      const wanted = byte === openBracket && Object.hasOwn(this.visitors, this.#key)
      this.#visitor = wanted ? (this.visitors[this.#key] ?? undefined) : undefined
      if (wanted) this.#found.add(this.#key)
    }
    this.#depth++
  }

  #parse(parts: Buffer[]): unknown {
    const text = (parts.length === 1 ? parts[0]! : Buffer.concat(parts)).toString('utf8')
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new InputError(`${this.path}: not JSON (in '${this.#key}', at ${text.slice(0, 40)})`, { cause })
    }
  }

  #fail(problem: string): never {
    throw new InputError(`${this.path}: not a COCO instances file, ${problem}`)
  }
}
