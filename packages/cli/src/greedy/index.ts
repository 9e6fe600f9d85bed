/** @file `ascribe greedy`: studies of Greedy PIG. */
import type { CommandGroup } from '../command.js'
import { image } from './image.js'

export const greedy: CommandGroup = {
  name: 'greedy',
  summary: 'adaptive integrated gradients, studied on pictures',
  commands: [image],
}
