/** @file Worthless members, and how they are added. */
import { type Pixels, toGrey } from '@ascribe/core'

export const junkKinds = ['grey', 'noise', 'inverted', 'edges'] as const
export type JunkKind = (typeof junkKinds)[number]

/** Added to the members, one or two at a time; the same one twice lets a vote pass for agreement. */
export const junkCases: readonly (readonly JunkKind[])[] = [
  ...junkKinds.map(kind => [kind]),
  ['grey', 'noise'],
  ['inverted', 'edges'],
  ...junkKinds.map(kind => [kind, kind]),
]

/** Members of a stressed ensemble, the worthless ones among them. */
const stressedSize = 8

/** How many of `count` members stay, from the first on, beside this many worthless ones. */
export const keptMembers = (count: number, junk: number): number => Math.max(1, Math.min(count, stressedSize - junk))

/** Levels of grey: the picture itself as a map. */
export const greyMap = (picture: Pixels): Float64Array => Float64Array.from(toGrey(picture).data)
