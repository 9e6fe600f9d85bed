/** @file Means over pairs of models: of methods, of controls, and of maps that should do worse. */
import { mean } from '../../../statistics/index.js'
import { meanInterval } from '../../intervals.js'
import { type Curve, type Reading, type Row, readings, type SpoiledRow } from '../../result.js'
import { areaOf, controlsOf, curveOf } from '../../scores.js'
import type { Scored, ScoreRequest } from '../../session.js'
import { others, type Requests, spoils } from './requests.js'

/** Mean over pairs of different models of each picture's area, and over testers for controls. */
export function rowsOf(all: Requests): Row[] {
  const { session, pictures, methods, some } = all
  const { preset, options, bases } = session
  const row = (
    label: string,
    requests: (picture: Scored, inverse: boolean) => readonly ScoreRequest[],
    fill: string,
    reading: Reading,
  ): Row => {
    const part = (own: readonly Scored[], inverse: boolean) =>
      meanInterval(
        own.map(picture => mean(requests(picture, inverse).map(request => areaOf(session, request, fill, reading)))),
        own.map(({ item }) => item.source),
        options.seed,
      )
    return { label, fill, reading, kept: part(pictures, false), removed: part(some, true) }
  }
  return readings.flatMap(reading =>
    preset.fills.flatMap(fill => [
      ...methods.map(spec =>
        row(
          spec.label,
          (picture, inverse) =>
            others(all).map(([g, t]) => (inverse ? all.removed(picture, g, t, spec) : all.kept(picture, g, t, spec))),
          fill,
          reading,
        ),
      ),
      ...controlsOf(session).map(control =>
        row(control, (picture, inverse) => bases.map(t => all.control(picture, control, t, inverse)), fill, reading),
      ),
    ]),
  )
}

/** What is left of a map's score when a map of a wrong class, or of shuffled weights, is taken from it. */
export function spoiledRows(all: Requests): SpoiledRow[] {
  const { session, some, methods } = all
  return methods.flatMap(spec =>
    spoils.flatMap(spoiled =>
      all.spoiledFills.map((fill): SpoiledRow => {
        const values = some.map(picture =>
          mean(
            others(all).map(
              ([g, t]) =>
                areaOf(session, all.kept(picture, g, t, spec), fill, 'probability') -
                areaOf(session, all.spoiled(picture, g, t, spec, spoiled), fill, 'probability'),
            ),
          ),
        )
        return {
          method: spec.label,
          spoiled,
          fill,
          difference: meanInterval(
            values,
            some.map(({ item }) => item.source),
            session.options.seed,
          ),
          n: values.filter(Number.isFinite).length,
        }
      }),
    ),
  )
}

/** Probability kept along the shares, mean over pictures and pairs of different models. */
export function curvesOf(all: Requests): Curve[] {
  const { session, pictures, methods, some } = all
  const { preset, bases } = session
  const curve = (label: string, fill: string, requests: readonly ScoreRequest[]): Curve => {
    const found = requests.flatMap(request => {
      const own = curveOf(session, request, fill, 'probability')
      return own ? [own] : []
    })
    return { label, method: label, fill, values: preset.fractions.map((_, k) => mean(found.map(own => own[k]!))) }
  }
  return preset.fills.flatMap(fill => [
    ...methods.map(spec =>
      curve(
        spec.label,
        fill,
        pictures.flatMap(picture => others(all).map(([g, t]) => all.kept(picture, g, t, spec))),
      ),
    ),
    ...controlsOf(session).map(control =>
      curve(
        control,
        fill,
        pictures.flatMap(picture => bases.map(t => all.control(picture, control, t))),
      ),
    ),
    ...(all.spoiledFills.includes(fill)
      ? [
          curve(
            'shuffled weights',
            fill,
            some.flatMap(picture =>
              methods.flatMap(spec => others(all).map(([g, t]) => all.spoiled(picture, g, t, spec, 'shuffled weights'))),
            ),
          ),
        ]
      : []),
  ])
}
