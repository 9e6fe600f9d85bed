/** @file The folder a data set is built in: beside its target under a hidden name, with a journal of what is finished. */
import { appendFile, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AscribeError, OutputError, UsageError } from '@ascribe/core'
import { ensureFolder, outputProblem } from '@ascribe/core/node'

const planName = 'plan.json'
const journalName = 'journal.jsonl'
const lockName = 'lock'

const readText = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)

const isAlive = (process_: number): boolean => {
  try {
    process.kill(process_, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Folders this process is building in. */
const open = new Set<string>()

/** Whole lines of a journal as far as they can be read: what follows was cut off in the middle of being written. */
function parseJournal<Line>(text: string): Line[] {
  const lines: Line[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    try {
      lines.push(JSON.parse(line))
    } catch {
      break
    }
  }
  return lines
}

const journalText = (lines: readonly unknown[]): string => lines.map(line => `${JSON.stringify(line)}\n`).join('')

/** @typeParam Line - one finished piece of work, as JSON */
export class PartFolder<Line> {
  private constructor(
    readonly path: string,
    private readonly target: string,
    /** Pieces that an earlier, interrupted build of the same plan finished. */
    readonly finished: readonly Line[],
  ) {}

  /**
   * Opens the leftover of an interrupted build of the same plan, or starts afresh (a leftover of another plan is deleted).
   *
   * @throws UsageError where another living process is building the same target
   * @throws OutputError where the folder cannot be made
   */
  static async open<Line>(target: string, plan: string): Promise<PartFolder<Line>> {
    const path = join(dirname(target), `.${basename(target)}.part`)
    const owner = Number(await readText(join(path, lockName)))
    if (open.has(path) || (owner > 0 && owner !== process.pid && isAlive(owner)))
      throw new UsageError(`process ${owner} is building ${target}; wait for it, or delete ${path} if it is not`)
    open.add(path)
    try {
      const resumed = (await readText(join(path, planName))) === plan
      if (!resumed) await rm(path, { recursive: true, force: true })
      await ensureFolder(path)
      await writeFile(join(path, lockName), String(process.pid))
      const finished = resumed ? parseJournal<Line>((await readText(join(path, journalName))) ?? '') : []
      await writeFile(join(path, journalName), journalText(finished))
      if (!resumed) await writeFile(join(path, planName), plan)
      return new PartFolder<Line>(path, target, finished)
    } catch (cause) {
      open.delete(path)
      if (cause instanceof AscribeError) throw cause
      throw new OutputError(`${path} could not be written: ${outputProblem(cause)}`, { cause })
    }
  }

  async record(line: Line): Promise<void> {
    await appendFile(join(this.path, journalName), journalText([line]))
  }

  /** Puts the whole folder under its final name. */
  async finish(): Promise<void> {
    // An empty folder that the user made for it is no obstacle; anything else makes the renaming fail.
    await rmdir(this.target).catch(() => {})
    for (const name of [planName, journalName, lockName]) await rm(join(this.path, name), { force: true })
    await rename(this.path, this.target)
    open.delete(this.path)
  }

  /** Keeps what is finished for the next build. */
  async pause(): Promise<void> {
    open.delete(this.path)
    await rm(join(this.path, lockName), { force: true })
  }

  async discard(): Promise<void> {
    open.delete(this.path)
    await rm(this.path, { recursive: true, force: true })
  }
}
