/** @file Passes through a model as text. */
import type { MethodCost } from '@ascribe/core'

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

/** "2 forwards, 50 gradients" */
export const costText = ({ forwards, gradients }: MethodCost): string =>
  `${counted(forwards, 'forward')}, ${counted(gradients, 'gradient')}`
