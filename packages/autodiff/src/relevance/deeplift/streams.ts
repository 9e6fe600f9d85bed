/** @file A rule's context seen from the other stream, or from halfway between the two. */
import type { RuleContext, RuleEntry } from '../../rule.js'

/** True where a value differs between input and baseline. */
export const varies = (name: string, c: RuleContext): boolean => name !== '' && c.value(name, 'baseline') !== name

/** x - x0. */
export const change = (name: string, c: RuleContext): string => c.emit('Sub', [name, c.value(name, 'baseline')])

/** (x + x0) / 2, or the value itself where it is the same in both streams. */
export const midpoint = (name: string, c: RuleContext): string =>
  varies(name, c) ? c.emit('Mul', [c.emit('Add', [name, c.value(name, 'baseline')]), c.scalar(0.5, name)]) : name

/** The context with some of the node's values under other names of the same dimensions. */
export function renamed(c: RuleContext, other: (name: string) => string): RuleContext {
  const original = new Map<string, string>()
  const names = new Map<string, string>()
  const to = (name: string): string => {
    if (name === '') return name
    const made = names.get(name) ?? other(name)
    names.set(name, made)
    original.set(made, name)
    return made
  }
  const from = (name: string): string => original.get(name) ?? name
  const node = { ...c.node, inputs: c.node.inputs.map(to), outputs: c.node.outputs.map(to) }
  return {
    ...c,
    node,
    input: index => to(c.input(index)),
    output: index => to(c.output(index)),
    dims: name => c.dims(from(name)),
    rank: name => c.rank(from(name)),
    dtype: name => c.dtype(from(name)),
    scalar: (value, like) => c.scalar(value, like && from(like)),
    floats: (values, dims, like) => c.floats(values, dims, like && from(like)),
  }
}

/** The node as it runs on the baseline. */
export const onBaseline = (c: RuleContext): RuleContext => renamed(c, name => c.value(name, 'baseline'))

/** The node with its inputs halfway between input and baseline; its outputs are not known there. */
const halfway = (c: RuleContext): RuleContext => {
  const outputs = new Set(c.node.outputs)
  return renamed(c, name => (outputs.has(name) ? name : midpoint(name, c)))
}

/** Refuses a node of which an input changes with the baseline although no multiplier reaches it. */
export function refuseHidden(c: RuleContext, but: readonly number[] = []): void {
  c.node.inputs.forEach((name, index) => {
    if (!but.includes(index) && varies(name, c) && !c.wants(index))
      c.unsupported(`its input ${index} ("${name}") differs between the input and the baseline, and has no multiplier`)
  })
}

/** Refuses a node of which another input than the first changes with the baseline. */
export function refuseOthers(c: RuleContext): void {
  c.node.inputs.slice(1).forEach((name, index) => {
    if (varies(name, c)) c.unsupported(`its input ${index + 1} ("${name}") differs between the input and the baseline`)
  })
}

/**
 * For operators that are linear in each input that varies, at most two of them multiplied: the gradient halfway between input and
 * baseline. a b - a0 b0 = (a - a0) (b + b0) / 2 + (b - b0) (a + a0) / 2: the effect is shared evenly, and nothing is left over.
 */
export const bilinear = (entry: RuleEntry): RuleEntry =>
  entry.kind === 'gradient'
    ? {
        ...entry,
        rule: (cotangents, c) => {
          refuseHidden(c)
          return entry.rule(cotangents, halfway(c))
        },
      }
    : entry

/** For operators that are linear in their first input, and in no other: the gradient, which is the same in both streams. */
export const linearInFirst = (entry: RuleEntry): RuleEntry =>
  entry.kind === 'gradient'
    ? {
        ...entry,
        rule: (cotangents, c) => {
          refuseOthers(c)
          return entry.rule(cotangents, c)
        },
      }
    : entry

/** Writing over and adding are linear in data and updates; the other reductions of a scatter are not. */
export const scattered = (entry: RuleEntry): RuleEntry => {
  const linear = bilinear(entry)
  return linear.kind === 'gradient'
    ? {
        ...linear,
        rule: (cotangents, c) => {
          const reduction = c.string('reduction', 'none')
          if (reduction !== 'none' && reduction !== 'add') c.unsupported(`DeepLIFT has no rule for its reduction ${reduction}`)
          return linear.rule(cotangents, c)
        },
      }
    : linear
}
