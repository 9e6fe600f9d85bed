/** @file How much processor time every scheme takes to combine ten maps of 224 x 224, normalised from min to max; the bar is 20 ms for all but RBM and Kemeny. */
import { combine, combineOverSegments, schemes } from 'ascribe'
import { quantile } from './statistics.mjs'

const [members, side, runs, bar] = [10, 224, 15, 20]
const exempt = new Set(['rbm', 'kemeny'])

let state = 1
const noise = () => {
  state = (state * 1103515245 + 12345) % 2 ** 31
  return state / 2 ** 31 - 0.5
}
const maps = Array.from({ length: members }, () => Float32Array.from({ length: side * side }, noise))
const labels = Int32Array.from({ length: side * side }, (_, i) => 8 * Math.floor(i / side / 28) + Math.floor((i % side) / 28))

let failed = false
console.log(`${members} maps of ${side} x ${side}, processor time, median of ${runs} runs`)
for (const { name, mostPlaces } of schemes) {
  const run = () =>
    mostPlaces === undefined ? combine(maps, { scheme: name }) : combineOverSegments(maps, labels, { scheme: name })
  const times = []
  for (let i = 0; i < (exempt.has(name) ? 3 : runs + 3); i++) {
    const begun = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(begun)
    times.push((user + system) / 1000)
  }
  const median = quantile(exempt.has(name) ? times : times.slice(3), 0.5)
  const late = !exempt.has(name) && median > bar
  failed ||= late
  const note = exempt.has(name)
    ? mostPlaces === undefined
      ? 'no bar'
      : 'over 64 segments, no bar'
    : late
      ? `above ${bar} ms`
      : ''
  console.log(`${name.padEnd(28)} ${median.toFixed(1).padStart(8)} ms  ${note}`.trimEnd())
}
process.exitCode = failed ? 1 : 0
