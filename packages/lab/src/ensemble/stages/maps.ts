/** @file Maps of members and controls of every picture, and what weights are learned from; the same for runs that should find nothing. */
import { Random } from '@ascribe/core'
import type { Twist } from '../../greedy/image/entry.js'
import { foldsOf } from '../folds.js'
import { type FormsOptions, type FormsValue, type MapKeys, type MapOptions, type MapValue, twists } from '../identity.js'
import { controls, type MemberSpec, memberCost } from '../members.js'
import { partOf } from '../presets.js'
import type { Mapped, Scored, Session } from '../session.js'
import { stages } from '../stored.js'

interface Asked {
  readonly picture: Scored
  readonly fold: number
  readonly twist?: Twist
}

export interface Maps {
  /** Pictures that every member explained. */
  readonly mapped: readonly Mapped[]
  /** Maps of a wrong class (which is the picture's class here), and of the shuffled model, of the first pictures. */
  readonly twisted: Readonly<Record<Twist, readonly Mapped[]>>
}

const shuffledOf = ({ twist }: Asked): { shuffled?: true } => (twist === 'shuffled-weights' ? { shuffled: true } : {})

/** @param classes how many the model tells apart: the wrong one is drawn among the others */
export async function mapsOf(session: Session, scored: readonly Scored[], classes: number): Promise<Maps> {
  const { preset, options } = session
  const folds = foldsOf(
    scored.map(({ item }) => item.source),
    preset.folds,
  )
  const wrong = (own: number, i: number): number =>
    (own + 1 + new Random(options.seed, 0x3c1a + i).integer(Math.max(1, classes - 1))) % classes
  const plain = scored.map((picture, i): Asked => ({ picture, fold: folds[i]! }))
  const twisted = twists.flatMap(twist =>
    partOf(plain, preset.controls).map(({ picture, fold }, i): Asked => {
      const { class: own } = picture
      return { picture: { ...picture, class: twist === 'wrong-class' ? wrong(own, i) : own }, fold, twist }
    }),
  )
  const found = await explained(session, [...plain, ...twisted])
  const of = (wanted: Twist | undefined): Mapped[] =>
    found.flatMap(({ asked, mapped }) => (asked.twist === wanted && mapped ? [mapped] : []))
  return {
    mapped: of(undefined),
    twisted: { 'wrong-class': of('wrong-class'), 'shuffled-weights': of('shuffled-weights') },
  }
}

async function explained(session: Session, all: readonly Asked[]): Promise<{ asked: Asked; mapped: Mapped | undefined }[]> {
  const { preset, options } = session
  const { members } = options
  const cellOf = ({ item, class: own }: Scored, member: MemberSpec, shuffled: { shuffled?: true }) => {
    const wanted: MapOptions = { member, class: own, ...shuffled }
    const { forwards, gradients } = memberCost(member)
    return session.cell('map', item.key, wanted, { forwards, gradients }, member.method)
  }
  const rows = all.map(asked => ({
    asked,
    own: members.map(member => cellOf(asked.picture, member, shuffledOf(asked))),
    others: controls.map(member => cellOf(asked.picture, member, {})),
  }))
  const values = await session.run<MapValue>(
    stages.maps,
    rows.flatMap(({ own, others }) => [...own, ...others]),
  )
  const costs = members.map(member => memberCost(member))
  const withForms = rows.map(({ asked, own, others }) => {
    if ([...own, ...others].some(({ key }) => !values.has(key))) return { asked }
    const { picture } = asked
    const maps: MapKeys = { members: own.map(({ key }) => key), controls: others.map(({ key }) => key) }
    const { segments, perturbations, draws } = preset
    const wanted: FormsOptions = { maps, members, segments, perturbations, draws, class: picture.class, ...shuffledOf(asked) }
    const cost = {
      forwards: perturbations + draws * costs.reduce((sum, { forwards }) => sum + forwards, 0),
      gradients: draws * costs.reduce((sum, { gradients }) => sum + gradients, 0),
    }
    return { asked, maps, cell: session.cell('forms', picture.item.key, wanted, cost) }
  })
  const found = await session.run<FormsValue>(
    stages.forms,
    withForms.flatMap(({ cell }) => cell ?? []),
  )
  return withForms.map(({ asked, maps, cell }) => ({
    asked,
    mapped: cell && found.has(cell.key) ? { ...asked.picture, maps, forms: cell.key, fold: asked.fold } : undefined,
  }))
}
