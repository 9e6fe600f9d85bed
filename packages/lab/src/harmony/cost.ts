/** @file What a harmony study will take, from its plan and a short measurement, before it starts. */
import { fitPicture, methodNamed, pictureToTensor, prepare, resolveOptions } from '@ascribe/core'
import type { Scored, Session } from './session.js'
import { controlNames, harmonisers } from './subject.js'

/** Rows that are timed, after as many that are not. */
const rows = 16

interface Pace {
  /** Milliseconds a row. */
  readonly forward: number
  readonly gradient: number
}

async function paceOf(session: Session, m: number, { item }: Scored): Promise<Pace> {
  const { model, preprocessing } = session.models[m]!
  const name = model.floatInputs[0]!
  const { pixels } = await session.pictures.picture(item.key)
  const input = pictureToTensor(fitPicture(pixels, preprocessing), preprocessing)
  const { signal } = session.options
  const evaluator = await prepare(model, { [name]: input }, { target: 'log-odds:predicted', ...(signal && { signal }) })
  const make = (_: number, used: number) => {
    const out = new Float32Array(used * input.data.length)
    for (let row = 0; row < used; row++) out.set(input.data, row * input.data.length)
    return { [name]: out }
  }
  const timed = async (run: () => Promise<void>): Promise<number> => {
    await run()
    const begun = performance.now()
    await run()
    return (performance.now() - begun) / rows
  }
  return {
    forward: await timed(() => evaluator.sweep(rows, make, () => {})),
    gradient: await timed(() => evaluator.gradients(rows, make, () => {})),
  }
}

/** Rows forward and backward of each model, of the whole study. */
function plannedRows(session: Session, scored: readonly Scored[]): { forwards: number; gradients: number }[] {
  const { models, preset, options, bases } = session
  const { fills, fractions, folds, sigmas } = preset
  const pictures = scored.length
  const some = Math.min(pictures, preset.controls)
  const k = bases.length
  const methods = options.methods.length
  const combines = k >= 3
  const adapted = bases.some(m => models[m]!.twin)
  const list = harmonisers.slice(0, preset.harmonisers)
  const weighted = list.filter(one => one.weighted).length
  const seeded = session.extras.length > 0
  // Kinds of maps that every sigma is tried on, beside noise draws.
  const kinds = (seeded ? 3 : 2) + folds * weighted
  const [all, first] = [fills.length * fractions.length, fractions.length]
  const maps = options.methods.map(spec => {
    const method = methodNamed(spec.method)
    return method.cost(resolveOptions(method, spec.options))
  })
  const perMap = { forwards: 0, gradients: 0 }
  for (const { forwards, gradients } of maps) {
    perMap.forwards += forwards
    perMap.gradients += gradients
  }
  return models.map((model, m) => {
    const tests = bases.includes(m)
    // Noise draws of the best single model: which it is, is not known yet.
    const explained = pictures + (tests ? 2 * some + (combines ? (k - 1) * some : 0) : 0)
    const seeds = session.extras.filter(e => session.alike(e, m)).length
    const byTester =
      pictures * all * (2 * k + seeds) +
      some * (all * k + 4 * first * k + (adapted ? 2 * first * k : 0)) +
      (combines
        ? pictures *
            (first * (list.length - weighted + folds * weighted + kinds * sigmas.length) + all * ((seeded ? 7 : 4) + weighted)) +
          some * (all * 3 + first * sigmas.length)
        : 0) +
      Math.min(pictures, preset.leaks) * fills.length * 2 * k
    const controls = (pictures + some) * all * controlNames.length
    return {
      forwards: explained * perMap.forwards + (tests ? methods * byTester + controls : 0) + (model.twin ? pictures : 0),
      gradients: explained * perMap.gradients,
    }
  })
}

/** One line: rows forward and backward, and the time that they take here. */
export async function costLine(session: Session, scored: readonly Scored[]): Promise<string> {
  const { processes } = session.options
  const planned = plannedRows(session, scored)
  let milliseconds = 0
  const total = { forwards: 0, gradients: 0 }
  for (const [m, { forwards, gradients }] of planned.entries()) {
    const pace = await paceOf(session, m, scored[0]!)
    milliseconds += forwards * pace.forward + gradients * pace.gradient
    total.forwards += forwards
    total.gradients += gradients
  }
  const minutes = milliseconds / Math.max(1, processes) / 60_000
  const many = (value: number): string => Math.round(value).toLocaleString('en-US')
  return (
    `the whole study: about ${many(total.forwards)} forward passes and ${many(total.gradients)} gradients, ` +
    `${minutes < 1 ? 'under a minute' : `about ${many(minutes)} min`} of the models' time here with ${Math.max(1, processes)} at a time, ` +
    'and about as much again for masks and comparisons; finished work is not done again'
  )
}
