/** @file The methods that a BAM study scores, under the names its findings use. */
import { type Method, methodNamed, type Options, resolveOptions } from '@ascribe/core'

export interface StudyMethod {
  /** Short name: that of `paperMethods` for one of the paper's. */
  readonly name: string
  readonly method: Method
  /** Defaults filled in. */
  readonly options: Options
  /** Metrics that it is scored on. Default: all. */
  readonly metrics?: readonly string[]
  /**
   * A control made of a method: the explanation of a class that the picture is not of, or of the model with every weight tensor
   * shuffled. What it scores cannot come from what the model knows of the picture's class.
   */
  readonly spoiled?: 'class' | 'weights'
}

/** One name, the method it stands for, what differs from that method's defaults, and the metrics it is scored on. */
type Listed = readonly [name: string, method: string, options?: Readonly<Record<string, unknown>>, metrics?: readonly string[]]

/** Integrated gradients inside a noise tunnel. */
const integrated = (points: number) => ({ of: 'integrated-gradients', 'of.points': points })

/**
 * The paper's eight, with SmoothGrad squared as in its code.
 * @param nestedPoints points of the path from each noisy copy: 25 copies with few points each are a mean of many points already
 */
const paper = (nestedPoints: number): readonly Listed[] => [
  ['grad-cam', 'grad-cam'],
  ['gradient', 'gradient'],
  ['smooth-grad-squared', 'smooth-grad', { form: 'squared' }],
  ['integrated-gradients', 'integrated-gradients', { points: 25 }],
  ['integrated-gradients-smooth-squared', 'noise-tunnel', { ...integrated(nestedPoints), form: 'squared' }],
  ['input-x-gradient', 'input-x-gradient'],
  ['guided-backprop', 'guided-backprop'],
  ['guided-grad-cam', 'guided-grad-cam'],
]

/** Unsquared forms, which the findings on MCS compare like with like. */
const plainForms = (nestedPoints: number): readonly Listed[] => [
  ['smooth-grad', 'smooth-grad', {}, ['mcs']],
  ['integrated-gradients-smooth', 'noise-tunnel', integrated(nestedPoints), ['mcs']],
]

const controls: readonly Listed[] = [
  ['random', 'random'],
  ['uniform', 'uniform'],
  ['edges', 'edges'],
  ['centre', 'centre'],
  ['blurred-copy', 'blurred-copy'],
]

/** Methods whose explanation is spoiled on purpose. */
const spoiled = ['gradient', 'grad-cam'] as const

const smooth = (name: string, of: string): Listed => [`${name}-smooth-squared`, 'noise-tunnel', { of, form: 'squared' }]

const lists = {
  quick: [...paper(10), ...plainForms(10), ...controls],
  /** SmoothGrad over every method that the paper puts it on. */
  paper: [
    ...paper(25),
    ...plainForms(25),
    ...['guided-backprop', 'grad-cam', 'guided-grad-cam', 'input-x-gradient'].map(name => smooth(name, name)),
    ...controls,
  ],
} as const satisfies Record<string, readonly Listed[]>

export type MethodList = keyof typeof lists

export const listedMethods = (list: MethodList): StudyMethod[] => [...named(list), ...spoiledMethods()]

const spoiledMethods = (): StudyMethod[] =>
  (['class', 'weights'] as const).flatMap(kind =>
    spoiled.map(name => {
      const method = methodNamed(name)
      const what = kind === 'class' ? 'wrong-class' : 'shuffled-weights'
      return { name: `${name}-${what}`, method, options: resolveOptions(method), metrics: ['mcs', 'idr'], spoiled: kind }
    }),
  )

const named = (list: MethodList): StudyMethod[] =>
  (lists[list] as readonly Listed[]).map(([name, method, options, metrics]) => {
    const found = methodNamed(method)
    return { name, method: found, options: resolveOptions(found, options), ...(metrics && { metrics }) }
  })

export const isControl = ({ method, spoiled: kind }: StudyMethod): boolean => method.control === true || kind !== undefined

/** Above this many gradients a picture a method counts as nested: it is scored on fewer pictures. */
const nestedGradients = 100

export const isNested = ({ method, options }: StudyMethod): boolean => method.cost(options).gradients > nestedGradients

/** Method and what differs from its defaults, as the command takes it. */
export function spellMethod({ method, options, spoiled: kind }: StudyMethod): string {
  const suffix = kind === undefined ? '' : kind === 'class' ? ' (of a wrong class)' : ' (weights shuffled)'
  const defaults = resolveOptions(method, method.wraps ? { [method.wraps.option]: options[method.wraps.option] } : {})
  const plain = resolveOptions(method)
  const given = Object.entries(options).filter(
    ([key, value]) => value !== defaults[key] || (key in plain && value !== plain[key]),
  )
  const spelled = given.length === 0 ? method.name : `${method.name}:${given.map(([key, value]) => `${key}=${value}`).join(',')}`
  return spelled + suffix
}
