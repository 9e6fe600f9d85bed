/** @file A small network with weights built in code: it finds four coloured shapes, so that a right explanation can be seen to be right. */
import { encodeModel, GraphBuilder, Tensor } from '@ascribe/onnx'
import { inside, shapes, side } from './pictures.mjs'

/**
 * How much a pixel has each shape's colour: gain times (a linear form of red, green and blue of 0 to 1), clipped at zero. Greys stay
 * below zero; a shape in its own paint comes to about 0.5.
 */
const colourUnits = {
  red: { weights: [1, -0.4, -0.4], bias: -0.3, gain: 1.3 },
  green: { weights: [-0.4, 1, -0.4], bias: -0.25, gain: 1.7 },
  blue: { weights: [-0.4, -0.4, 1], bias: -0.3, gain: 1.7 },
  yellow: { weights: [0.55, 0.55, -0.9], bias: -0.35, gain: 1.1 },
}

/** Side of a template in pixels of the halved picture; shapes of radius `radius` there fill it but for a rim. */
const templateSide = 17
const radius = 6.5
const threshold = 0.18

/** Mean of the colour inside the shape minus the mean outside: only the whole shape, and nothing around it, gives a high value. */
function template(shape) {
  const middle = (templateSide - 1) / 2
  const mask = Array.from({ length: templateSide ** 2 }, (_, i) => {
    const [x, y] = [(i % templateSide) - middle, Math.floor(i / templateSide) - middle]
    return inside[shape](x / radius, y / radius)
  })
  const area = mask.filter(Boolean).length
  return mask.map(part => (part ? 1 / area : -1 / (mask.length - area)))
}

/**
 * Colour units (1x1 convolution), halved, one template each (17x17 convolution), the best place in each 4x4 block, the mean over
 * places, scores. Input [N, 3, 128, 128], each value (v / 255 - 0.5) / 0.5.
 */
function network() {
  const builder = new GraphBuilder()
  const input = builder.input('picture', 'float32', ['batch', 3, side, side])
  const units = shapes.map(({ colour }) => colourUnits[colour])
  const colours = conv(builder, input, {
    // The input is -1 to 1: level = (x + 1) / 2.
    weights: units.flatMap(({ weights, gain }) => weights.map(weight => (gain * weight) / 2)),
    dims: [shapes.length, 3, 1, 1],
    biases: units.map(({ weights, bias, gain }) => gain * (bias + weights.reduce((a, b) => a + b, 0) / 2)),
    name: 'colours',
  })
  const halved = builder.emit('AveragePool', [colours], { kernel_shape: [2, 2], strides: [2, 2] }, 'halved')
  const templates = shapes.flatMap(({ shape }, out) =>
    shapes.flatMap((_, from) => (from === out ? template(shape) : new Array(templateSide ** 2).fill(0))),
  )
  const found = conv(builder, halved, {
    weights: templates,
    dims: [shapes.length, shapes.length, templateSide, templateSide],
    biases: shapes.map(() => -threshold),
    name: 'shapes',
  })
  const best = builder.emit('MaxPool', [found], { kernel_shape: [4, 4], strides: [4, 4] }, 'best')
  const mean = builder.emit('GlobalAveragePool', [best], {}, 'mean')
  const flat = builder.emit('Flatten', [mean], { axis: 1 }, 'flat')
  const scores = shapes.flatMap((_, from) => shapes.map((_, to) => (from === to ? 900 : -150)))
  const weights = builder.constant(Tensor.float32([shapes.length, shapes.length], scores), 'scores.weights')
  builder.append({ domain: '', operator: 'Gemm', name: 'scores', inputs: [flat, weights], outputs: ['scores'], attributes: {} })
  builder.output('scores', 'float32', ['batch', shapes.length])
  return builder.build({ name: 'four-shapes' })
}

function conv(builder, input, { weights, dims, biases, name }) {
  const pad = (dims[2] - 1) / 2
  const inputs = [
    input,
    builder.constant(Tensor.float32(dims, weights), `${name}.weights`),
    builder.constant(Tensor.float32([dims[0]], biases), `${name}.bias`),
  ]
  return builder.emit('Relu', [builder.emit('Conv', inputs, { kernel_shape: dims.slice(2), pads: [pad, pad, pad, pad] }, name)])
}

export const networkBytes = () => encodeModel(network())

/** Class names, as Hugging Face writes them. */
export const config = { id2label: Object.fromEntries(shapes.map(({ name }, i) => [i, name])) }

export const preprocessorConfig = {
  do_resize: true,
  size: { height: side, width: side },
  do_rescale: true,
  do_normalize: true,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
}
