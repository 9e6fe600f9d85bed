/** @file guided-grad-cam: guided backpropagation where Grad-CAM looks. */
import { UsageError } from '../../errors.js'
import { resizeMap } from '../../io/resample.js'
import { toPlanes } from '../../picture.js'
import type { Method } from '../method.js'
import { pictureMaps } from '../pictures.js'
import { classActivation } from './grad-cam.js'

/**
 * A = G(x) * U(L): G is guided-backprop's map, L the clipped map of grad-cam at the layer, U enlarges it to the picture, the same for
 * every channel. Interpolation is bilinear between pixel centres (align corners off), as in the paper; `nearest` takes the layer's
 * element at floor((i + 1/2) layer size / picture size), which for whole factors is Captum's default. Raw: nothing is rescaled.
 */
export const guidedGradCam: Method = {
  name: 'guided-grad-cam',
  aliases: ['guided-gradcam'],
  summary: 'guided backpropagation times the enlarged map of Grad-CAM',
  formula: 'A = guided-backprop(x) * enlarged relu(sum_c w_c A_c)',
  citation: 'Selvaraju et al.: Grad-CAM, ICCV 2017',
  options: {
    layer: { kind: 'text', default: '', describe: 'tensor name of the layer (default: the last spatial one)' },
    interpolation: {
      kind: 'choice',
      default: 'bilinear',
      values: ['bilinear', 'nearest'],
      describe: "how the layer's map is enlarged",
    },
  },
  needs: ['gradient', 'spatial layer', 'picture'],
  promises: ['dummy'],
  signed: true,
  cost: () => ({ forwards: 1, gradients: 2 }),
  async run(evaluator, { layer, interpolation }) {
    const { name, values, space } = await classActivation(evaluator, layer, true)
    const [height, width] = space
    if (space.length !== 2)
      throw new UsageError(`guided-grad-cam needs a layer with height and width; "${name}" has ${space.length} spatial axes`)
    const { gradients } = await evaluator.withRules('guided-backprop').gradient(evaluator.point, 1)
    const maps = pictureMaps(evaluator, 'guided-grad-cam', (picture, input) => {
      const cam = resizeMap(values, { height: height!, width: width! }, picture, interpolation)
      const planes = toPlanes(gradients[input]!, evaluator.inputs[input]!.dims, evaluator.pictureAxes(input)!)
      return planes.map((value, i) => value * cam[i % cam.length]!)
    })
    return { maps, settled: { layer: name } }
  },
}
