/** @file What the command says and where: results on standard output, everything else on standard error. */

export interface TerminalOptions {
  /** No progress and no notes; warnings and errors stay. */
  readonly quiet?: boolean
  /** Standard output is for one JSON value only. */
  readonly json?: boolean
}

/** Text of one line, whatever a message holds. */
export const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, ' ').trim()

export class Terminal {
  readonly quiet: boolean
  readonly #json: boolean
  #bar = ''

  constructor({ quiet = false, json = false }: TerminalOptions = {}) {
    this.quiet = quiet
    this.#json = json
  }

  /** True where a progress bar can be redrawn. */
  get live(): boolean {
    return process.stderr.isTTY === true
  }

  /** A line of the result for people; nothing under --json. */
  print(line = ''): void {
    if (!this.#json) this.#above(() => process.stdout.write(`${line}\n`))
  }

  /** The result for programs, under --json. */
  json(value: unknown): void {
    if (this.#json) process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
  }

  note(line: string): void {
    if (!this.quiet) this.#above(() => process.stderr.write(`${line}\n`))
  }

  warn(message: string): void {
    this.#above(() => process.stderr.write(`warning: ${oneLine(message)}\n`))
  }

  error(message: string): void {
    this.#above(() => process.stderr.write(`ascribe: ${oneLine(message)}\n`))
  }

  /** Redraws the bar in place; an empty text removes it. */
  bar(text: string): void {
    if (this.quiet || !this.live) return
    const short = text.slice(0, Math.max(20, (process.stderr.columns ?? 80) - 1))
    if (short === this.#bar) return
    process.stderr.write(`\r\u001b[K${short}`)
    this.#bar = short
  }

  /** Writes above the bar. */
  #above(write: () => void): void {
    const bar = this.#bar
    this.bar('')
    write()
    this.bar(bar)
  }
}
