/** @file Steps that rename or default an attribute, and operators that took another name. */
import { attribute } from '../../attributes.js'
import { changed, type VersionStep } from '../step.js'

const gridModes: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' }

export const modeSteps: readonly VersionStep[] = [
  { operator: 'Scatter', from: 10, to: 11, convert: node => changed(node, { operator: 'ScatterElements' }) },
  {
    operator: 'RoiAlign',
    from: 15,
    to: 16,
    convert: node => changed(node, { set: { coordinate_transformation_mode: 'output_half_pixel' } }),
  },
  {
    operator: 'GridSample',
    from: 19,
    to: 20,
    convert(node) {
      const mode = attribute(node, 'mode', 'string', 'bilinear')
      return changed(node, { set: { mode: gridModes[mode] ?? mode } })
    },
  },
]
