/** @file Pictures with their maps, to be shown. */
import { combine, fitPicture } from '@ascribe/core'
import { readMap } from '../../runner/index.js'
import { mapOf } from '../combined.js'
import { defaults } from '../entry.js'
import { greyMap } from '../junk.js'
import type { FoldChoice, StudyExample } from '../result.js'
import type { Mapped, Session } from '../session.js'
import { stages, storedIn } from '../stored.js'

export async function examplesOf(
  session: Session,
  pictures: readonly Mapped[],
  choices: readonly FoldChoice[],
): Promise<StudyExample[]> {
  const { preset, model, images, options } = session
  const stored = storedIn(options.folder)
  const examples: StudyExample[] = []
  for (const { item, class: own, maps, forms, fold, probability } of pictures.slice(0, preset.examples)) {
    const picture = fitPicture(await images.picture(item.key), model.preprocessing!)
    const members = await Promise.all(maps.members.map(stored.map))
    const [noise, edges] = (await Promise.all(maps.controls.map(stored.map))) as [Float64Array, Float64Array]
    const { dims } = await readMap(session.folderOf(stages.maps), maps.members[0]!, 'map')
    const found = {
      members,
      named: new Map(members.map((values, m) => [options.members[m]!.label, values] as const)),
      junk: { grey: greyMap(picture), noise, edges },
      labels: new Int32Array(0),
    }
    const settings = { seed: options.seed, forms: await stored.forms(forms) }
    const { entry, forward } = choices[fold]!
    const kemeny = entry.scheme === 'kemeny'
    examples.push({
      title: `${item.name}: ${model.labels?.[own] ?? `class ${own}`}, probability ${probability.toFixed(2)}`,
      picture,
      maps: [
        ...(kemeny ? [] : [{ label: 'selected', dims, values: mapOf(entry, found, settings) }]),
        { label: 'forward selection', dims, values: mapOf(forward.entry, found, settings) },
        { label: 'mean of min-max', dims, values: mapOf(defaults[0]!, found, settings) },
        { label: 'disagreement', dims, values: combine(members).spread },
        ...members.map((values, m) => ({ label: options.members[m]!.label, dims, values })),
      ],
    })
  }
  return examples
}
