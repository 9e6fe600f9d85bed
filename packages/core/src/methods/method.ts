/** @file The shape of a method, and its options as data: the command, the docs and the test matrix all read these. */
import type { RuleSetName } from '@ascribe/autodiff'
import type { AttributionMap } from '../attribution.js'
import type { Baseline } from '../baseline.js'
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { suggestion } from '../suggest.js'

export type OptionSpec =
  | {
      readonly kind: 'number'
      readonly default: number
      readonly minimum?: number
      readonly maximum?: number
      readonly integer?: true
      readonly describe: string
    }
  | { readonly kind: 'choice'; readonly default: string; readonly values: readonly string[]; readonly describe: string }
  | { readonly kind: 'flag'; readonly default: boolean; readonly describe: string }
  | { readonly kind: 'text'; readonly default: string; readonly describe: string }
  /** A baseline by name, or values. */
  | { readonly kind: 'baseline'; readonly default: string; readonly describe: string }
  /** A partition into features by name, or a label map. */
  | { readonly kind: 'segments'; readonly default: string; readonly describe: string }

export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** Options with every default filled in. */
// biome-ignore lint/suspicious/noExplicitAny: each method knows the types its own specs guarantee
export type Options = Readonly<Record<string, any>>

/** What a method asks of the model. */
type Need =
  | 'gradient'
  | 'spatial layer'
  | 'attention'
  | 'picture'
  | 'tokens'
  | 'trees'
  | 'data set'
  | 'detector'
  | 'graph attention'
  | 'linear model'
  | 'additive model'

/** What its values guarantee: checked by the generated tests and reported with each result. */
type Promised = 'completeness' | 'sign' | 'dummy' | 'linearity'

export interface MethodCost {
  readonly forwards: number
  readonly gradients: number
}

export interface MethodResult {
  readonly maps: Readonly<Record<string, AttributionMap>>
  /** Where features were selected one after another: for every value of each map, when its feature was (0: first; -1: it is no feature). */
  readonly order?: Readonly<Record<string, Int32Array>>
  /** What is explained at the input, where it is not the target's own value (the margin of trees under a last transform). */
  readonly value?: number
  /** f at the baseline, for methods that promise completeness. */
  readonly baselineValue?: number
  /** Sum of all attributed values, where maps show one value at several elements (a feature's at each of its own); default the maps' sum. */
  readonly total?: number
  /** Options that were settled while running (points actually used). */
  readonly settled?: Readonly<Record<string, unknown>>
}

/** A method applied inside the model, under the name that it has in other libraries. */
export interface Form {
  readonly name: string
  /** The method that it is. */
  readonly of: string
  /** What must be given: the explained tensor, the tensor whose neuron is explained, or the option `layer`. */
  readonly required: 'at' | 'output' | 'layer'
}

export interface Method {
  readonly name: string
  readonly aliases?: readonly string[]
  /** One line for lists. */
  readonly summary: string
  /** The exact formula, in words and ASCII. */
  readonly formula: string
  /** Author, year, venue. */
  readonly citation: string
  readonly options: OptionSpecs
  readonly needs: readonly Need[]
  readonly promises: readonly Promised[]
  /** False where values are never negative. */
  readonly signed: boolean
  /** True for controls that explain nothing. */
  readonly control?: true
  /**
   * Expected cost in rows, before it runs: for one input of a model where its evaluator is given, else for usual sizes (channels of a
   * layer, tokens, windows, features). With an evaluator it may throw what `run` would.
   */
  readonly cost: (options: Options, evaluator?: Evaluator) => MethodCost
  readonly run: (evaluator: Evaluator, options: Options, seed: number) => Promise<MethodResult>
  /** Weighted points along the path from baseline to input whose gradients make up the explanation: what `compile` needs. */
  readonly path?: (options: Options) => PathRule
  /** Set where it was asked for by the name of one of its forms. */
  readonly form?: Form
  /** The option that names another method, whose own options are given as OPTION.NAME. */
  readonly wraps?: {
    readonly option: string
    readonly methodNamed: (name: string) => Method
    /** Defaults of the wrapped method's options, where it has them, in place of its own. */
    readonly defaults?: Readonly<Record<string, unknown>>
  }
}

/** sum_k weights_k grad f(b + positions_k (x - b)), times `multiply`. */
export interface PathRule {
  readonly positions: Float64Array
  readonly weights: Float64Array
  readonly multiply: 'nothing' | 'input' | 'difference'
  readonly baseline: Baseline
  /** What stands in for the gradient; default the gradient. */
  readonly rules?: RuleSetName
  /** The absolute value is taken at the end. */
  readonly absolute?: boolean
  /** Points may be added while it runs, until the values are good enough. */
  readonly adaptive?: boolean
}

/** The gradient at the input itself. */
export const atInput: PathRule = {
  positions: Float64Array.of(1),
  weights: Float64Array.of(1),
  multiply: 'nothing',
  baseline: 'zeros',
}

/** Options given as PREFIX.NAME, by NAME. */
const within = (prefix: string, options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), value]] : [],
    ),
  )

/** Options of the method that `method` wraps; none where it wraps none. */
export const innerOptions = ({ wraps }: Method, options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  wraps ? within(wraps.option, options) : {}

/**
 * Every option a method takes: its own and, as OPTION.NAME, those of the method that it wraps.
 * @throws UsageError where the wrapped method is unknown
 */
export function optionSpecs(method: Method, given: Readonly<Record<string, unknown>>): OptionSpecs {
  const { wraps, options } = method
  if (!wraps) return options
  const inner = wraps.methodNamed(String(given[wraps.option] ?? options[wraps.option]!.default))
  const specs = Object.entries(optionSpecs(inner, innerOptions(method, given)))
  const own = (name: string, spec: OptionSpec): OptionSpec =>
    wraps.defaults && name in wraps.defaults ? ({ ...spec, default: wraps.defaults[name] } as OptionSpec) : spec
  return { ...options, ...Object.fromEntries(specs.map(([name, spec]) => [`${wraps.option}.${name}`, own(name, spec)])) }
}

/**
 * Fills in defaults and checks what was given; text from a command line is converted.
 * @throws UsageError for an unknown option (with a suggestion) or a value out of range
 */
export const resolveOptions = (method: Method, given: Readonly<Record<string, unknown>> = {}): Options =>
  resolveOptionSpecs(method.name, optionSpecs(method, given), given)

/**
 * The same for any list of options, of whatever `owner` names.
 * @throws UsageError for an unknown option (with a suggestion) or a value out of range
 */
export function resolveOptionSpecs(owner: string, specs: OptionSpecs, given: Readonly<Record<string, unknown>> = {}): Options {
  const resolved: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(specs)) resolved[name] = spec.default
  for (const [name, value] of Object.entries(given)) {
    const spec = specs[name]
    if (!spec) {
      const names = Object.keys(specs)
      throw new UsageError(
        `${owner} has no option "${name}"${suggestion(name, names)}${names.length > 0 ? ` (it has ${names.join(', ')})` : ' (it has none)'}`,
      )
    }
    resolved[name] = convert(spec, value, `${owner}: option ${name}`)
  }
  return resolved
}

function convert(spec: OptionSpec, value: unknown, where: string): unknown {
  if (spec.kind === 'baseline' || spec.kind === 'segments') return value
  if (spec.kind === 'text') return String(value)
  if (spec.kind === 'flag') {
    if (value === true || value === 'true' || value === '1' || value === '') return true
    if (value === false || value === 'false' || value === '0') return false
    throw new UsageError(`${where} must be true or false, not "${value}"`)
  }
  if (spec.kind === 'choice') {
    if (spec.values.includes(String(value))) return String(value)
    throw new UsageError(
      `${where} must be one of ${spec.values.join(', ')}, not "${value}"${suggestion(String(value), spec.values)}`,
    )
  }
  const number = typeof value === 'number' ? value : String(value).trim() === '' ? Number.NaN : Number(value)
  if (!Number.isFinite(number)) throw new UsageError(`${where} must be a number, not "${value}"`)
  if (spec.integer && !Number.isInteger(number)) throw new UsageError(`${where} must be a whole number, not ${value}`)
  if (spec.minimum !== undefined && number < spec.minimum)
    throw new UsageError(`${where} must be at least ${spec.minimum}, not ${value}`)
  if (spec.maximum !== undefined && number > spec.maximum)
    throw new UsageError(`${where} must be at most ${spec.maximum}, not ${value}`)
  return number
}
