/** @file `ascribe compile`: the explanation as an ONNX model that runs without ascribe. */
import { basename, dirname } from 'node:path'
import {
  AscribeError,
  compileExplanation,
  explain,
  formatNumber,
  type Model,
  prepare,
  type Target,
  type TensorValues,
  UsageError,
} from '@ascribe/core'
import { ensureFolder, writeFileAtomic } from '@ascribe/core/node'
import { encodeModel, type Graph } from '@ascribe/onnx'
import type { Command, Context } from '../command.js'
import { sampleRow } from '../doctor/sample.js'
import { dimsOf } from '../explain/record.js'
import { type MethodRequest, methodRequests } from '../methods.js'
import { type ModelFlags, withModel } from '../open.js'
import { type CommonOptions, commonFlags, numbers, runtimeFlags, seedFlag, type TargetFlags, targetFlags } from '../options.js'
import { readTarget, targetHelp } from '../target.js'

interface Options extends CommonOptions, TargetFlags, ModelFlags {
  readonly method: string
  readonly out: string
  readonly shape?: readonly { readonly name: string; readonly dims: readonly number[] }[]
  readonly seed: number
}

/** Above this difference, relative to the largest value, the compiled model is not written. */
const tolerance = 1e-3

function shape(text: string): { name: string; dims: number[] } {
  const equals = text.lastIndexOf('=')
  const dims = numbers('--shape')(text.slice(equals + 1))
  if (equals < 1 || !dims.every(dim => Number.isSafeInteger(dim) && dim > 0))
    throw new UsageError(`--shape must be NAME=1,3,224,224, not "${text}"`)
  return { name: text.slice(0, equals), dims }
}

export const compile: Command = {
  name: 'compile',
  summary: 'write an explanation as an ONNX model that runs without ascribe',
  arguments: [['<model>', 'ONNX file']],
  flags: [
    {
      flags: '-m, --method <spec>',
      describe: 'method as NAME or NAME:key=value,... (ascribe methods says which compile)',
      default: 'integrated-gradients',
    },
    ...targetFlags,
    { flags: '-o, --out <file>', describe: 'the model to write', default: 'explanation.onnx' },
    {
      flags: '--shape <name=dims>',
      describe: 'size of an input that the model leaves open; may repeat',
      parse: shape,
      repeat: true,
    },
    { ...seedFlag, describe: 'seed of the input that the result is verified at' },
    { flags: '--labels <file>', describe: 'class names, for -t label:NAME' },
    ...runtimeFlags,
    ...commonFlags,
  ],
  lists: [{ title: 'Targets', rows: targetHelp }],
  examples: [
    [
      'ascribe compile model.onnx -m integrated-gradients:points=32 -o model.ig.onnx',
      'explains the class predicted for each input',
    ],
    ['ascribe compile model.onnx -m gradient -t 207 -o model.207.onnx', 'always explains class 207'],
  ],
  async run([path]: readonly [string], options: Options, context) {
    const [request] = (await methodRequests([options.method])) as [MethodRequest]
    if (Object.keys(request.files).length > 0) throw new UsageError('a baseline from a file cannot be compiled')
    const target = await readTarget(options.target)
    await withModel(path, options, context.terminal, async model => {
      const shapes = Object.fromEntries((options.shape ?? []).map(({ name, dims }) => [name, dims]))
      const row = sampleRow(model.graph, options.seed, shapes)
      const graph = compileExplanation(model, request.method, {
        options: request.options,
        target,
        ...(options.output === undefined ? {} : { output: options.output }),
        ...(options.at === undefined ? {} : { at: options.at }),
        ...(options.shape === undefined
          ? {}
          : { inputs: Object.fromEntries(Object.entries(row).map(([name, { dims }]) => [name, dims])) }),
      })
      await ensureFolder(dirname(options.out))
      const bytes = encodeModel(graph, { weights: 'embed' })
      const difference = await verify(model, graph, bytes, request, row, { ...options, target }, context)
      if (!(difference <= tolerance))
        throw new AscribeError(
          `the compiled model differs from ascribe explain by ${difference.toExponential(1)} of the largest value; nothing was written`,
        )
      await writeFileAtomic(options.out, bytes)
      tell(graph, bytes, difference, options, context)
    })
  },
}

/** Largest difference between the compiled model's values and `explain`'s at one input, relative to the largest value. */
async function verify(
  model: Model,
  { inputs: ports }: Graph,
  bytes: Uint8Array,
  { method, options: settings }: MethodRequest,
  row: TensorValues,
  options: Omit<Options, 'target'> & { readonly target: Target },
  { signal, terminal }: Context,
): Promise<number> {
  terminal.bar('verifying')
  const asked = {
    target: options.target,
    signal,
    ...(options.output === undefined ? {} : { output: options.output }),
    ...(options.at === undefined ? {} : { at: options.at }),
  }
  const { inputs } = await prepare(model, row, asked)
  const { maps } = await explain(model, row, method, { ...asked, options: settings })
  const session = await model.runtime.open(bytes)
  const known: TensorValues = { ...row, ...inputs }
  const results = await session.run(Object.fromEntries(ports.map(({ name }) => [name, known[name]!])), undefined, { signal })
  await session.dispose()
  terminal.bar('')
  const names = Object.keys(maps)
  let [difference, largest] = [0, 0]
  for (const name of names) {
    const compiled = results[names.length === 1 ? 'attribution' : `attribution/${name}`]!.data as Float32Array
    maps[name]!.values.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value))
      difference = Math.max(difference, Math.abs(value - compiled[i]!))
    })
  }
  return largest > 0 ? difference / largest : difference
}

function tell(graph: Graph, bytes: Uint8Array, difference: number, options: Options, { terminal }: Context): void {
  const ports = (list: Graph['inputs']) => list.map(({ name, type }) => ({ name, dtype: type.dtype, dims: dimsOf(type.shape) }))
  const [inputs, outputs] = [ports(graph.inputs), ports(graph.outputs)]
  terminal.json({
    file: basename(options.out),
    bytes: bytes.length,
    inputs,
    outputs,
    metadata: Object.fromEntries(graph.metadata),
    relativeDifference: difference,
  })
  for (const { name, dtype, dims } of inputs) terminal.print(`in   ${name}  ${dtype} [${dims.join(', ')}]`)
  for (const { name, dtype, dims } of outputs) terminal.print(`out  ${name}  ${dtype} [${dims.join(', ')}]`)
  terminal.print(`verified against ascribe explain on noise: largest difference ${formatNumber(difference)} of the largest value`)
  terminal.print(`${options.out} (${formatNumber(bytes.length / 2 ** 20)} MiB)`)
}
