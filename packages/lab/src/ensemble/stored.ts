/** @file What earlier stages of a study left in its folder. */
import { join } from 'node:path'
import { Recent } from '../greedy/image/recent.js'
import { readCells, readMap } from '../runner/index.js'
import type { FormsValue } from './identity.js'
import type { Stored } from './tools.js'

export const stages = { answers: 'answers', maps: 'maps', forms: 'forms' } as const

export function storedIn(folder: string): Stored {
  const forms = new Recent<ReadonlyMap<string, FormsValue>>(1)
  return {
    map: async key => Float64Array.from((await readMap(join(folder, stages.maps), key, 'map')).data as Float32Array),
    forms: async key => {
      const found = await forms.get('all', async () => {
        const cells = await readCells(join(folder, stages.forms))
        return new Map([...cells.done].map(([key, { value }]) => [key, value as unknown as FormsValue] as const))
      })
      return found.get(key)!
    },
  }
}
