/** @file The methods of a study: members of every ensemble, and controls beside them. */
import {
  type Evaluator,
  type Method,
  methodNamed,
  optionSpecs,
  resolveOptions,
  type TensorValue,
  UsageError,
} from '@ascribe/core'

/** A method with options as text: plain data, part of a cell's identity. */
export interface MemberSpec {
  /** Unique in a study. */
  readonly label: string
  readonly method: string
  readonly options: Readonly<Record<string, string>>
}

const member = (method: string, options: MemberSpec['options'] = {}): MemberSpec => ({ label: method, method, options })

/** Seven members of different kinds: eight with a worthless one; beside two worthless ones the last stays out. */
export const defaultMembers: readonly MemberSpec[] = [
  member('integrated-gradients', { points: '20' }),
  member('smooth-grad', { samples: '20' }),
  member('grad-cam'),
  member('occlusion'),
  member('rise', { masks: '500', normalise: 'coverage' }),
  member('lime', { samples: '300' }),
  member('deeplift'),
]

/** Maps that explain nothing. The first two are junk members too. */
export const controls: readonly MemberSpec[] = ['random', 'edges', 'uniform', 'centre', 'blurred-copy'].map(name => member(name))

/** Fills of the metrics, which no member may use. */
const scoringFills = /^(blur|mean|channel-mean)\b/
/** Methods that blur the picture whatever their options say. */
const blurring: ReadonlySet<string> = new Set(['blur-ig', 'meaningful-perturbation', 'extremal-perturbation'])

/** @throws UsageError for an unknown method or option, or a member that fills with what metrics score by */
export function checkMember({ label, method, options }: MemberSpec): Method {
  const found = methodNamed(method)
  const inner = options['of']
  if ([found.name, ...(inner === undefined ? [] : [methodNamed(inner).name])].some(name => blurring.has(name)))
    throw new UsageError(`${label}: blurs the picture, which is what the metrics fill with; a member must not know it`)
  resolveOptions(found, options)
  for (const [name, spec] of Object.entries(optionSpecs(found, options)))
    if (spec.kind === 'baseline' && scoringFills.test(options[name] ?? ''))
      throw new UsageError(
        `${label}: ${name}=${options[name]} is what the metrics fill with; a member must not know it (black is the default here)`,
      )
  return found
}

/** Options with black pixels wherever the method wants a baseline and none is given. */
export function memberOptions({ method, options }: MemberSpec, black: TensorValue<'float32'>): Record<string, unknown> {
  const specs = optionSpecs(methodNamed(method), options)
  const baselines = Object.keys(specs).filter(name => specs[name]!.kind === 'baseline' && options[name] === undefined)
  return { ...options, ...Object.fromEntries(baselines.map(name => [name, black])) }
}

export const memberCost = ({ method, options }: MemberSpec, evaluator?: Evaluator) => {
  const found = methodNamed(method)
  return found.cost(resolveOptions(found, options), evaluator)
}
