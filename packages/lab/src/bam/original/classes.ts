/** @file Classes, sets and size of the original BAM data. */
import type { BamSet } from '../source.js'

export const objects = ['backpack', 'bird', 'dog', 'elephant', 'kite', 'pizza', 'stop_sign', 'toilet', 'truck', 'zebra']
export const scenes = [
  'bamboo_forest',
  'bedroom',
  'bowling_alley',
  'bus_interior',
  'cockpit',
  'corn_field',
  'laundromat',
  'runway',
  'ski_slope',
  'track',
]
export const roles = {
  dog: objects.indexOf('dog'),
  bedroom: scenes.indexOf('bedroom'),
  bambooForest: scenes.indexOf('bamboo_forest'),
}

/** Pixels along each side of MiniPlaces' pictures, and so of BAM's. */
export const size = 128

export type OriginalSet = 'obj' | 'scene' | 'scene_only' | 'dog_bedroom' | 'bamboo_forest'

/** Sets that the program writes, and those of them without objects. */
export const originalSets: readonly OriginalSet[] = ['obj', 'scene', 'scene_only', 'dog_bedroom', 'bamboo_forest']
export const withoutObjects: ReadonlySet<BamSet> = new Set(['scene_only', 'bamboo_forest'])
