/**
 * @file Writes what information.py asks the reference about: photos, random masks, maps, and what ascribe makes of them. After a build:
 * node tools/parity/information.mjs MODEL.onnx PHOTOS OUT [count]
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aggregateCurves, explain, fitPicture, measure, metricNamed, pictureToTensor, prepare } from '@ascribe/core'
import { load, nodeRuntime, readPicture, webpBytes, webpVersion } from '@ascribe/core/node'
import { randomSubset } from '../../packages/core/dist/metrics/faithfulness/subsets.js'
import { informationRun, randomMask } from '../../packages/core/dist/metrics/information/run.js'
import { planeOf, signed } from '../../packages/core/dist/metrics/places.js'
import { Random } from '../../packages/core/dist/random.js'

const [file, folder, out, count = '20'] = process.argv.slice(2)

/** Least probability of the predicted class of a photo that is asked about. */
const least = 0.5

/** One map of its own value at every pixel, one of regions (many ties), one that never sees the model. */
const maps = [
  { name: 'integrated gradients', method: 'integrated-gradients', options: { points: 25 }, sign: 'absolute' },
  { name: 'regions', method: 'xrai', options: { of: 'input-x-gradient', mode: 'fast', segments: 'slic:64' }, sign: 'signed' },
  { name: 'edges', method: 'edges', options: {}, sign: 'absolute' },
]

const { thresholds, random } = Object.fromEntries(
  Object.entries(metricNamed('sic').options).map(([name, one]) => [name, one.default]),
)

const runtime = nodeRuntime({ threads: 1 })
const model = await load(file, { runtime })
const { preprocessing } = model
const [input] = model.floatInputs
mkdirSync(out, { recursive: true })

const found = []
for (const name of readdirSync(folder).filter(one => one.endsWith('.jpg'))) {
  const picture = fitPicture(await readPicture(join(folder, name)), preprocessing)
  const row = { [input]: pictureToTensor(picture, preprocessing) }
  const evaluator = await prepare(model, row, { target: 'softmax:predicted' })
  if (evaluator.value >= least) found.push({ name, picture, row, evaluator })
}
const step = found.length / Number(count)
const chosen = Array.from({ length: Number(count) }, (_, k) => found[Math.floor(k * step)])

const pixels = []
const masks = []
const planes = []
const photos = []
const curves = Object.fromEntries(maps.map(({ name }) => [name, { sic: [], aic: [] }]))
const begun = performance.now()
for (const [seed, { name, picture, row, evaluator }] of chosen.entries()) {
  const { height, width, data } = picture
  pixels.push(data)
  masks.push(randomMask(height, width, random, seed))
  const access = { picture, toInput: one => pictureToTensor(one, preprocessing), encodedBytes: webpBytes }
  const ours = {}
  for (const { name: map, method, options, sign } of maps) {
    const attribution = await explain(model, row, method, { options, target: 'softmax:predicted' })
    planes.push(new Uint8Array(signed(planeOf(attribution.maps[input], preprocessing.layout).values, sign).buffer))
    const subject = { evaluator, maps: attribution.maps, picture: access }
    const of = async metric => {
      const { value, curve } = await measure(metric, subject, { minimum: 0, sign }, seed)
      if (curve) curves[map][metric].push(curve)
      return value
    }
    ours[map] = { sic: await of('sic'), aic: await of('aic') }
    const settings = { sign, random, thresholds }
    const run = await informationRun('sic', subject, settings, seed)
    for (const key of ['bytes', 'probability', 'correct']) ours[map][key] = [run[key].whole, run[key].hidden, ...run[key].steps]
  }
  photos.push({ name, seed, class: evaluator.target.classes[0].index, ours })
  console.log(`${name} ${((performance.now() - begun) / 1000).toFixed(1)} s`)
}
writeFileSync(join(out, 'pixels.u8'), Buffer.concat(pixels))
writeFileSync(join(out, 'masks.u8'), Buffer.concat(masks))
writeFileSync(join(out, 'maps.f64'), Buffer.concat(planes))
const median = ({ sic, aic }) => ({ sic: aggregateCurves(sic).value, aic: aggregateCurves(aic).value })
const medians = Object.fromEntries(Object.entries(curves).map(([name, of]) => [name, median(of)]))
const { height, width } = chosen[0].picture
// The order of places that decides ties of the triangulation.
writeFileSync(join(out, 'order.u32'), randomSubset(height * width, height * width, new Random(height, width)))
writeFileSync(
  join(out, 'asked.json'),
  JSON.stringify(
    { file, thresholds, height, width, preprocessing, input, maps, photos, medians, libwebp: webpVersion() },
    undefined,
    1,
  ),
)
await runtime.dispose()
