/** @file The shape of an optimiser: a fragment of the training graph over one vector of all parameters. */
import type { OptionSpecs, Options } from '@ascribe/core'
import type { GraphBuilder } from '@ascribe/onnx'

interface OptimizerValues {
  /** [P] each. */
  readonly parameters: string
  readonly gradient: string
  /** [P], 1 where weight decay applies. */
  readonly decayed: string
  readonly slots: Readonly<Record<string, string>>
  /** Scalars fed with each step: `learning_rate` and those of `scalars`. */
  readonly scalars: Readonly<Record<string, string>>
}

export interface Optimizer {
  readonly name: string
  readonly summary: string
  readonly citation: string
  readonly options: OptionSpecs
  /** Vectors [P] kept from step to step, zero at first. */
  readonly slots: readonly string[]
  /** Numbers that depend on how many steps were taken, counted from 1. */
  readonly scalars: (options: Options, step: number) => Readonly<Record<string, number>>
  readonly emit: (
    builder: GraphBuilder,
    values: OptimizerValues,
    options: Options,
  ) => { readonly parameters: string; readonly slots: Readonly<Record<string, string>> }
}
