/** @file Maps as detectors of the object, where its mask is known. */
import { detectorMeasures } from '../compare.js'
import type { DetectValue } from '../identity.js'
import { meanInterval } from '../intervals.js'
import type { DetectorRow, Mapped } from '../result.js'
import { controlsOf, mapSubject } from '../scores.js'
import type { Scored, Session } from '../session.js'
import { harmonisers, type Subject } from '../subject.js'

export async function detectorStage(session: Session, { pictures, methods }: Mapped): Promise<DetectorRow[]> {
  if (!session.pictures.masks) return []
  const { models, options, bases } = session
  const { normaliser, scheme } = harmonisers[0]!
  const rows: { label: string; control: boolean; subject: (picture: Scored) => Subject }[] = [
    ...methods.flatMap(spec => [
      ...bases.map(m => ({
        label: `${spec.label}, ${models[m]!.name}`,
        control: false,
        subject: (picture: Scored) => mapSubject(session, picture, m, spec),
      })),
      {
        label: `${spec.label}, harmonised over all models`,
        control: false,
        subject: (picture: Scored): Subject => ({
          kind: 'combined',
          maps: bases.map(m => session.mapCell(picture, m, spec).key),
          normaliser,
          scheme,
        }),
      },
    ]),
    ...controlsOf(session)
      .filter(control => control !== 'truth')
      .map(control => ({ label: control, control: true, subject: (): Subject => ({ kind: 'control', control }) })),
  ]
  await session.run(
    'detector',
    pictures.flatMap(picture => rows.map(({ subject }) => session.detectCell(picture, subject(picture)))),
  )
  const sources = pictures.map(({ item }) => item.source)
  return rows.map(({ label, control, subject }) => ({
    label,
    control,
    means: Object.fromEntries(
      detectorMeasures.map(({ title }) => {
        const values = pictures.map(
          picture => session.found<DetectValue>(session.detectCell(picture, subject(picture)))?.[title] ?? Number.NaN,
        )
        return [title, meanInterval(values, sources, options.seed)] as const
      }),
    ),
  }))
}
