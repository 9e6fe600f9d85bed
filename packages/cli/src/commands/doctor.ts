/** @file `ascribe doctor`: operators covered, the gradient checked against differences, what to use. */
import { formatNumber, InputError, type Model, type TensorValues } from '@ascribe/core'
import type { Command, Context } from '../command.js'
import type { DirectionCheck } from '../doctor/check.js'
import { type Examination, examine } from '../doctor/examine.js'
import { sampleRow } from '../doctor/sample.js'
import { collect } from '../explain/inputs.js'
import { type PictureFlags, type PicturePlan, pictureFlags, picturePlan } from '../explain/pictures.js'
import { ReportedFailure } from '../failures.js'
import { type ModelFlags, withModel } from '../open.js'
import { type CommonOptions, commonFlags, runtimeFlags, seedFlag, type TargetFlags, targetFlags } from '../options.js'

interface Options extends CommonOptions, TargetFlags, ModelFlags, PictureFlags {
  readonly seed: number
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'check a model: operators covered, gradient against central differences, which methods work',
  arguments: [
    ['<model>', 'ONNX file'],
    ['[input]', 'a picture, .npy or .npz to check with (default: seeded noise)'],
  ],
  flags: [...targetFlags, seedFlag, ...pictureFlags, ...runtimeFlags, ...commonFlags],
  examples: [
    ['ascribe doctor model.onnx', 'with seeded noise as the input'],
    ['ascribe doctor model.onnx photo.jpg', 'at a real input, which is what counts'],
    ['ascribe doctor model.onnx --json', 'the same for programs'],
  ],
  async run([path, input]: readonly [string, string | undefined], options: Options, context) {
    const { terminal, signal } = context
    await withModel(path, options, terminal, async model => {
      const row = input === undefined ? sampleRow(model.graph, options.seed) : await firstRow(input, model, options, context)
      const result = await examine(model, {
        row,
        input: input === undefined ? `seeded noise ${shapes(row)}` : `the given input ${shapes(row)}`,
        at: options.at ?? explainedTensors(model),
        output: model.outputName(options.output),
        target: options.target,
        seed: options.seed,
        signal,
        onStep: step => terminal.bar(step),
      })
      terminal.bar('')
      terminal.json(result)
      for (const line of report(result, model)) terminal.print(line)
      if (result.check.verdict === 'fail') throw new ReportedFailure('the gradient check failed')
    })
  },
}

const shapes = (row: TensorValues): string =>
  Object.entries(row)
    .map(([name, { dims }]) => `${name} [${dims.join(', ')}]`)
    .join(', ')

/** Every float input; for a token model its embedding. */
function explainedTensors(model: Model): readonly string[] {
  if (model.floatInputs.length > 0 || model.embedding === undefined) return model.defaultAt()
  return [model.embedding]
}

async function firstRow(path: string, model: Model, options: Options, { terminal }: Context): Promise<TensorValues> {
  let plan: PicturePlan | undefined
  const planned = (): PicturePlan => {
    if (plan) return plan
    plan = picturePlan(model, options)
    for (const warning of plan.warnings) terminal.warn(warning)
    return plan
  }
  const [item] = await collect([path], model, planned, 1)
  if (!item) throw new InputError(`${path}: nothing to check with`)
  return (await item.load()).row
}

const section = (title: string, lines: readonly string[]): string[] => ['', title, ...lines.map(line => `  ${line}`)]

function report(found: Examination, model: Model): string[] {
  const port = ({ name, dtype, dims }: Examination['inputs'][number]): string => `${name}  ${dtype} [${dims.join(', ')}]`
  return [
    `${found.model}: ${found.nodes} nodes, ${count(found.weights)} weights, normal form at opset ${found.opset}`,
    ...section('Inputs and outputs', [
      ...found.inputs.map(input => `in   ${port(input)}`),
      ...found.outputs.map(output => `out  ${port(output)}`),
      `rows           ${found.batching}`,
      `labels         ${found.labels > 0 ? `${found.labels} classes` : 'none found; --labels FILE gives names'}`,
      `preprocessing  ${found.preprocessing ? 'found' : 'none found; pictures need --mean and --std if the model was trained with them'}`,
      ...found.notices.map(notice => `note: ${notice}`),
    ]),
    ...section('Operators', operatorLines(found)),
    ...section(
      `Gradient of ${found.forward.target} at ${found.explained.at.join(', ')}, against central differences`,
      checkLines(found),
    ),
    ...section('What to use', advice(found, model)),
  ]
}

const count = (n: number): string => (n >= 1e6 ? `${(n / 1e6).toFixed(1)} M` : n >= 1e4 ? `${Math.round(n / 1e3)} k` : String(n))

function operatorLines({ operators }: Examination): string[] {
  const width = Math.max(...operators.map(({ operator }) => operator.length))
  return operators.map(({ operator, count: n, kind, remark, onPath }) => {
    const place = onPath ? '' : 'not on the path of the gradient'
    return `${operator.padEnd(width)}  ${String(n).padStart(5)}  ${kind.padEnd(10)}  ${[remark, place].filter(Boolean).join('; ')}`.trimEnd()
  })
}

function checkLines({ check, obstacles, input, forward, gradientMilliseconds }: Examination): string[] {
  const row = ({ gradient, differences, step, error, noise }: DirectionCheck): string =>
    [
      formatNumber(gradient, 6),
      formatNumber(differences, 6),
      step.toExponential(1),
      error.toExponential(1),
      noise.toExponential(1),
    ]
      .map(text => text.padStart(12))
      .join('')
  const heading = ['gradient', 'differences', 'step', 'error', 'noise'].map(text => text.padStart(12)).join('')
  const times = [`forward ${formatNumber(forward.milliseconds)} ms`]
  if (gradientMilliseconds !== undefined) times.push(`forward and gradient ${formatNumber(gradientMilliseconds)} ms`)
  return [
    `input: ${input}; value ${formatNumber(forward.value, 5)}; ${times.join(', ')}`,
    ...(check.directions.length > 0 ? [heading, ...check.directions.map(row)] : []),
    ...obstacles.map(text => `no gradient through ${text}`),
    `${check.verdict.toUpperCase()}: ${check.why}`,
  ]
}

function advice({ methods, explained }: Examination, model: Model): string[] {
  const width = Math.max(...methods.map(({ method }) => method.length))
  const at = model.floatInputs.length === 0 ? [`pass --at "${explained.at.join('" --at "')}": the model has no float input`] : []
  return [
    ...at,
    ...methods.map(({ method, works, remark }) => `${works ? 'yes' : 'no '}  ${method.padEnd(width)}  ${remark}`.trimEnd()),
  ]
}
