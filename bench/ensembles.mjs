/** @file How much processor time every scheme takes to combine ten maps of 224 x 224, normalised from min to max, and the mean after every normaliser; the bar is 20 ms for all but RBM and Kemeny. */
import { combine, combineOverSegments, normalisers, schemes } from 'ascribe'
import { quantile } from './statistics.mjs'

const [members, side, runs, bar] = [10, 224, 15, 20]
const exempt = new Set(['rbm', 'kemeny'])

let state = 1
// Every value once: equal ones are quicker to order.
const noise = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0
  return state / 2 ** 32
}
const maps = Array.from({ length: members }, () => Float32Array.from({ length: side * side }, noise))
const labels = Int32Array.from({ length: side * side }, (_, i) => 8 * Math.floor(i / side / 28) + Math.floor((i % side) / 28))

const timed = (run, count, warm) => {
  const times = []
  for (let i = 0; i < count + warm; i++) {
    const begun = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(begun)
    times.push((user + system) / 1000)
  }
  return quantile(times.slice(warm), 0.5)
}

let failed = false
const line = (name, median, note) => {
  const late = note === undefined && median > bar
  failed ||= late
  console.log(`${name.padEnd(28)} ${median.toFixed(1).padStart(8)} ms  ${note ?? (late ? `above ${bar} ms` : '')}`.trimEnd())
}

console.log(`${members} maps of ${side} x ${side}, processor time, median of ${runs} runs`)
for (const { name, mostPlaces } of schemes) {
  const run = () =>
    mostPlaces === undefined ? combine(maps, { scheme: name }) : combineOverSegments(maps, labels, { scheme: name })
  const free = exempt.has(name)
  line(
    name,
    timed(run, free ? 3 : runs, free ? 0 : 3),
    free ? (mostPlaces === undefined ? 'no bar' : 'over 64 segments, no bar') : undefined,
  )
}
for (const { name: normaliser } of normalisers)
  line(
    `mean of ${normaliser}`,
    timed(() => combine(maps, { normaliser }), runs, 3),
  )
process.exitCode = failed ? 1 : 0
