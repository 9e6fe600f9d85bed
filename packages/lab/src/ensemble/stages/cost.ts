/** @file What a study will take, told before it starts. */
import { fitPicture, pictureToTensor, prepare } from '@ascribe/core'
import { estimateTime } from '../../greedy/image/estimate.js'
import type { Cell } from '../../runner/index.js'
import { defaults } from '../entry.js'
import { twists } from '../identity.js'
import { junkCases } from '../junk.js'
import { controls, memberCost } from '../members.js'
import { partOf } from '../presets.js'
import { rungsOf } from '../search.js'
import type { Scored, Session } from '../session.js'
import { scales } from './forward.js'

/** Cost of the whole study in one line, before it starts. */
export async function tellCost(session: Session, scored: readonly Scored[], count: number): Promise<void> {
  const { preset, model, images, options } = session
  const { log, members, processes, signal } = options
  const { twin } = session
  if (!log) return
  const picture = fitPicture(await images.picture(scored[0]!.item.key), model.preprocessing!)
  const input = { [model.floatInputs[0]!]: pictureToTensor(picture, model.preprocessing!) }
  const evaluator = await prepare(model, input, { target: 'predicted' })
  const cells: Cell[] = []
  const add = (kind: string, times: number, cost: { forwards: number; gradients: number }): void => {
    for (let i = 0; i < times; i++) cells.push(session.cell(`planned ${kind}`, String(i), {}, cost))
  }
  const n = scored.length
  for (const [m, member] of members.entries()) add(`map ${m}`, n * (1 + preset.draws), memberCost(member, evaluator))
  add('weights', n, { forwards: preset.perturbations, gradients: 0 })
  const halving = rungsOf(count, n - Math.floor(n / preset.folds), preset.first, preset.keep)
  // Folds look at much the same candidates, and a picture is scored once for all of them.
  add(
    'search',
    halving.reduce((sum, rung) => sum + Math.ceil(1.5 * rung.count) * Math.min(n, rung.pictures + 1), 0),
    session.scoreCost(false),
  )
  // All folds begin with the same maps, then some go their own way.
  const courses = scales.length * (1 + 3 * (preset.forward.rounds - 1))
  add('forward', courses * 2 * members.length * Math.min(n, preset.forward.pictures) + 12 * n, session.scoreCost(false))
  add('score', n * (2 * members.length + controls.length + defaults.length + 2), session.scoreCost(true))
  if (twin)
    add(
      'beside',
      partOf(scored, preset.beside).length * (2 * members.length + controls.length + defaults.length),
      session.scoreCost(true),
    )
  add('junk', partOf(scored, preset.junk).length * (junkCases.length + 1) * (defaults.length + 1), session.scoreCost(true))
  const controlled = partOf(scored, preset.controls).length
  for (const [m, member] of members.entries())
    add(`twisted map ${m}`, controlled * twists.length * (1 + preset.draws), memberCost(member, evaluator))
  add('twist', controlled * twists.length * (defaults.length + 2 + members.length), session.scoreCost(false))
  add('mask-only', controlled * (defaults.length + 3 + members.length), { forwards: 3 * (preset.steps + 1), gradients: 0 })
  log(await estimateTime({ model, picture, cells, processes: Math.max(1, processes), ...(signal && { signal }) }))
}
