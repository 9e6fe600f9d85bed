/** @file What explanation.json holds: every number needed to judge and to repeat the result. No folder names, no time of day. */
import { type Attribution, type AttributionMap, type Cost, type Model, type Preprocessing, relativeResidual } from '@ascribe/core'
import type { Shape } from '@ascribe/onnx'
import { version } from '../version.js'
import type { OutputKind, Prediction } from './predictions.js'
import type { Token } from './tokenizer.js'
import type { Word } from './words.js'

export interface PortRecord {
  readonly name: string
  readonly dtype: string
  readonly dims: readonly (string | number)[]
}

export interface MapRecord {
  /** The explained tensor. */
  readonly tensor: string
  readonly dims: readonly number[]
  readonly min: number
  readonly max: number
  readonly sum: number
  /** Fraction of the values above zero. */
  readonly positive: number
  /** One value per token of a text: the sum over its vector. */
  readonly tokens?: readonly number[]
  /** One value per word: the sum over its tokens. */
  readonly words?: readonly number[]
  /** File names in the output folder. */
  readonly values: string
  /** File of when each value's feature was selected (0: first; -1: it is no feature), which the picture then shows. */
  readonly order?: string
  readonly picture?: string
}

export interface ResultRecord {
  readonly method: string
  /** The part of file names that stands for this method and these options. */
  readonly label: string
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly seed: number
  readonly value: number
  readonly baselineValue?: number
  readonly residual?: number
  readonly relativeResidual?: number
  readonly cost: Cost
  readonly warnings: readonly string[]
  readonly maps: readonly MapRecord[]
}

export interface InputRecord {
  readonly name: string
  readonly file: string
  readonly row?: number
  /** Of a text. */
  readonly tokens?: readonly Token[]
  /** Of a text: which tokens (from start, before end) are one word. */
  readonly words?: readonly Word[]
  readonly output: string
  readonly outputKind: OutputKind
  readonly prediction: readonly Prediction[]
  readonly target: {
    readonly description: string
    readonly link: string
    readonly classes: readonly { readonly index: number; readonly weight: number }[]
    /** How many elements of the output are summed, where they are too many to list. */
    readonly elements?: number
  }
  readonly results: readonly ResultRecord[]
}

export interface FailureRecord {
  readonly name: string
  readonly file: string
  /** Absent where the input itself could not be read. */
  readonly method?: string
  readonly message: string
}

export interface ExplanationRecord {
  readonly versions: Readonly<Record<string, string>>
  readonly date?: string
  readonly model: {
    readonly file: string
    readonly sha256: string
    readonly inputs: readonly PortRecord[]
    readonly outputs: readonly PortRecord[]
  }
  readonly settings: Readonly<Record<string, unknown>>
  readonly preprocessing: Preprocessing | null
  readonly warnings: readonly string[]
  readonly inputs: readonly InputRecord[]
  readonly failures: readonly FailureRecord[]
}

/** Dims of a port as text where they are symbols. */
export const dimsOf = (shape: Shape | null): (string | number)[] => (shape ?? ['?']).map(dim => dim ?? '?')

export const modelRecord = (model: Model): ExplanationRecord['model'] => ({
  file: model.name,
  sha256: model.digest,
  inputs: model.graph.inputs.map(({ name, type }) => ({ name, dtype: type.dtype, dims: dimsOf(type.shape) })),
  outputs: model.graph.outputs.map(({ name, type }) => ({ name, dtype: type.dtype, dims: dimsOf(type.shape) })),
})

/** Versions by package; the runtime's comes as `onnxruntime-node 1.30.0`. */
export function versionsOf(model: Model): Record<string, string> {
  const [engine, engineVersion] = model.runtime.version.split(' ') as [string, string]
  return { ascribe: version, [engine]: engineVersion }
}

/** Smallest, largest, sum and fraction above zero, in double precision. */
export function statistics({ values }: AttributionMap): { min: number; max: number; sum: number; positive: number } {
  let [min, max, sum, positive] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (const value of values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
    if (value > 0) positive++
  }
  return { min, max, sum, positive: values.length > 0 ? positive / values.length : 0 }
}

/** The numbers of one result, without its maps. */
export function resultRecord(
  attribution: Attribution,
  label: string,
  options: ResultRecord['options'],
  maps: readonly MapRecord[],
): ResultRecord {
  const relative = relativeResidual(attribution)
  return {
    method: attribution.method,
    label,
    options,
    seed: attribution.seed,
    value: attribution.value,
    ...(attribution.baselineValue === undefined ? {} : { baselineValue: attribution.baselineValue }),
    ...(attribution.residual === undefined ? {} : { residual: attribution.residual }),
    ...(relative === undefined ? {} : { relativeResidual: relative }),
    cost: attribution.cost,
    warnings: attribution.warnings,
    maps,
  }
}
