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

/** Levels of grey: the picture itself as a map. */
export const greyMap = (picture: Pixels): Float64Array => Float64Array.from(toGrey(picture).data)
