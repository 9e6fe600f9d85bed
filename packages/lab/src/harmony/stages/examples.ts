/** @file Example grids: models across, methods down, the harmonised map last. */
import { spread } from '../../order.js'
import { type ExampleRow, exampleRow } from '../../report/index.js'
import { subjectMap } from '../maps.js'
import type { Mapped } from '../result.js'
import type { Session } from '../session.js'
import { harmonisers } from '../subject.js'
import { mapsIn } from '../worker.js'

export async function exampleStage(session: Session, { pictures, methods }: Mapped): Promise<ExampleRow[]> {
  const { models, preset, options, bases } = session
  const stored = mapsIn(options.folder)
  const { size } = session.pictures
  const { normaliser, scheme } = harmonisers[0]!
  const rows: ExampleRow[] = []
  for (const picture of spread(pictures).slice(0, preset.examples)) {
    const own = await session.pictures.picture(picture.item.key)
    const shown = {
      pixels: new Uint8Array(own.pixels.data),
      mask: own.mask ? own.mask.map(value => 255 * value) : null,
    }
    for (const spec of methods) {
      const keys = bases.map(m => session.mapCell(picture, m, spec).key)
      const subject = { kind: 'combined', maps: keys, normaliser, scheme } as const
      const harmonised = await subjectMap(subject, { picture: own, stored, seed: options.seed })
      const maps = [
        ...(await Promise.all(
          bases.map(async (m, i) => ({ label: models[m]!.name, values: await stored(keys[i]!), dims: [size, size] })),
        )),
        { label: 'harmonised', values: harmonised, dims: [size, size] },
      ]
      rows.push(exampleRow({ title: `${picture.item.name}: ${spec.label}`, picture: shown, maps }))
    }
  }
  return rows
}
