/** @file `ascribe greedy`: studies of Greedy PIG. */
import type { CommandGroup } from '../command.js'
import { graph } from './graph.js'
import { image } from './image.js'
import { tabular } from './tabular.js'

export const greedy: CommandGroup = {
  name: 'greedy',
  summary: 'adaptive integrated gradients, studied on pictures, graphs and tables',
  commands: [image, graph, tabular],
}
