/** @file Progress of many tasks: a bar with the time left on a terminal, a line now and then otherwise. */
import type { Terminal } from '../terminal.js'

const duration = (seconds: number): string => {
  if (seconds < 1) return 'under 1 s'
  if (seconds < 60) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const barWidth = 24

/** Plain lines: after each tenth, but not within this many milliseconds of the last. */
const plainPause = 5000

export class ProgressMeter {
  readonly #started = performance.now()
  readonly #parts = new Map<string, number>()
  #done = 0
  #drawn = 0
  #tenth = 0

  /** @param total weight of all tasks together */
  constructor(
    readonly terminal: Terminal,
    readonly total: number,
  ) {}

  /** A task's own progress, `share` in 0 to 1 of its weight. */
  update(task: string, share: number, weight: number): void {
    this.#parts.set(task, Math.max(this.#parts.get(task) ?? 0, Math.min(1, share) * weight))
    this.#show(task)
  }

  /** A task that is over, whatever came of it. */
  finish(task: string, weight: number): void {
    this.#parts.delete(task)
    this.#done += weight
    this.#show(task)
  }

  end(): void {
    this.terminal.bar('')
  }

  #show(task: string): void {
    let done = this.#done
    for (const part of this.#parts.values()) done += part
    const share = Math.min(1, this.total > 0 ? done / this.total : 1)
    const now = performance.now()
    const elapsed = (now - this.#started) / 1000
    const left = share > 0.02 && elapsed > 1 ? `${duration((elapsed * (1 - share)) / share)} left` : ''
    const percent = `${Math.floor(share * 100)}%`
    if (this.terminal.live) {
      if (now - this.#drawn < 100) return
      this.#drawn = now
      const filled = Math.round(share * barWidth)
      this.terminal.bar(
        [`[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`, percent.padStart(4), left, task].filter(Boolean).join('  '),
      )
      return
    }
    const tenth = Math.floor(share * 10)
    if (now - Math.max(this.#drawn, this.#started) < plainPause || tenth === this.#tenth) return
    this.#drawn = now
    this.#tenth = tenth
    this.terminal.note([percent, left, task].filter(Boolean).join(', '))
  }
}
