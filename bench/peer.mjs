/** @file A peer process that works once per line it is sent, and rounds in which it and ascribe take turns. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pause, quantile } from './statistics.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Starts peers/SCRIPT; undefined, with its last words on standard error, where it ends before it is ready. */
export async function startPeer(python, script, options) {
  const child = spawn(python, [`${here}peers/${script}`, ...options])
  let failure = ''
  child.on('error', error => {
    failure += error.message
  })
  child.stdin.on('error', () => {})
  child.stderr.on('data', text => {
    failure += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the peer ended: ${failure.trim().split('\n').at(-1)}`)
    return JSON.parse(value)
  }
  try {
    const ready = await next()
    return {
      ready,
      run: () => {
        child.stdin.write('run\n')
        return next()
      },
      stop: () => child.stdin.end('quit\n'),
    }
  } catch (error) {
    console.error(`bench: no peer (${error.message}); see bench/peers/README.md`)
    return undefined
  }
}

/** Processor milliseconds of this process and of `pids` so far; the latter where the system tells (Linux). */
function processorMs(pids) {
  const { user, system } = process.cpuUsage()
  let total = (user + system) / 1000
  for (const pid of pids) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
      // Ticks of 10 ms, in user and in system mode.
      total += 10 * (Number(fields[11]) + Number(fields[12]))
    } catch {
      return Number.NaN
    }
  }
  return total
}

/** Milliseconds of both sides and their ratios (peer / ascribe), wall-clock and processor, over paired rounds; one round of ours goes before. */
export async function rounds(count, pids, ours, peer) {
  const found = { ours: [], peer: [], ratios: [], processorRatios: [] }
  await ours()
  for (let round = 0; round < count; round++) {
    await pause()
    const [started, before] = [performance.now(), processorMs(pids())]
    await ours()
    const [ms, cpuMs] = [performance.now() - started, processorMs(pids()) - before]
    found.ours.push(ms)
    if (!peer) continue
    await pause()
    const theirs = await peer.run()
    found.peer.push(theirs.ms)
    found.ratios.push(theirs.ms / ms)
    found.processorRatios.push(theirs.cpuMs / cpuMs)
  }
  return found
}

const quartiles = list =>
  list.length > 0
    ? `${quantile(list, 0.5).toFixed(2)} [${quantile(list, 0.25).toFixed(2)}, ${quantile(list, 0.75).toFixed(2)}]`
    : '-'

export const heading =
  '| task | model | ascribe ms | peer ms | ratio | of processor time | peer |\n| --- | --- | --- | --- | --- | --- | --- |'

export function line(task, model, { ours, peer, ratios, processorRatios }, remark = '') {
  const median = list => (list.length > 0 ? quantile(list, 0.5).toFixed(0) : '-')
  return `| ${task} | ${model} | ${median(ours)} | ${median(peer)} | ${quartiles(ratios)} | ${quartiles(processorRatios)} | ${remark} |`
}
