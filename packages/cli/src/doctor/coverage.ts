/** @file Which operators a model has, and what the gradient table says of each. */
import { gradientTable, type RuleEntry } from '@ascribe/autodiff'
import { type Graph, operatorKey, outerReads, subgraphs } from '@ascribe/onnx'

export interface OperatorCoverage {
  readonly operator: string
  readonly count: number
  /** `missing`: the table has no entry. */
  readonly kind: RuleEntry['kind'] | 'missing'
  readonly remark: string
  /** True where a node of it lies between the explained tensors and the output. */
  readonly onPath: boolean
  /** Name of one such node, or of any. */
  readonly example: string
}

const remarks: { readonly [K in RuleEntry['kind']]: (entry: Extract<RuleEntry, { kind: K }>) => string } = {
  gradient: entry => entry.note ?? '',
  zero: entry => entry.why,
  decomposed: entry => `into ${entry.into}`,
  none: entry => entry.why,
}

const remarkOf = (entry: RuleEntry): string => (remarks[entry.kind] as (of: RuleEntry) => string)(entry)

/** Values that depend on `from`. */
function reached(graph: Graph, from: readonly string[]): Set<string> {
  const names = new Set(from)
  for (const node of graph.nodes)
    if ([...node.inputs, ...outerReads(node)].some(input => names.has(input)))
      for (const output of node.outputs) names.add(output)
  names.delete('')
  return names
}

/** Values that `output` depends on. */
function leading(graph: Graph, output: string): Set<string> {
  const names = new Set([output])
  for (const node of [...graph.nodes].reverse())
    if (node.outputs.some(out => out !== '' && names.has(out)))
      for (const input of [...node.inputs, ...outerReads(node)]) if (input) names.add(input)
  return names
}

/** Every operator of the graph and its subgraphs, most frequent first. @param at explained tensors @param output explained output */
export function coverage(graph: Graph, at: readonly string[], output: string): OperatorCoverage[] {
  const after = reached(graph, at)
  const before = leading(graph, output)
  const found = new Map<string, { count: number; onPath: boolean; example: string }>()
  const visit = (inner: Graph, inside: boolean): void => {
    for (const node of inner.nodes) {
      const onPath =
        inside || (node.inputs.some(input => after.has(input)) && node.outputs.some(out => after.has(out) && before.has(out)))
      const key = operatorKey(node)
      const known = found.get(key)
      found.set(key, {
        count: (known?.count ?? 0) + 1,
        onPath: onPath || (known?.onPath ?? false),
        example: known && (known.onPath || !onPath) ? known.example : node.name || node.outputs[0]!,
      })
      for (const graph of subgraphs(node)) visit(graph, onPath)
    }
  }
  visit(graph, false)
  return [...found]
    .map(([operator, facts]): OperatorCoverage => {
      const entry = gradientTable[operator]
      return { operator, ...facts, kind: entry?.kind ?? 'missing', remark: entry ? remarkOf(entry) : 'no rule yet' }
    })
    .sort((a, b) => b.count - a.count || (a.operator < b.operator ? -1 : 1))
}

/** Operators on the path through which no gradient can be taken. */
export const obstacles = (operators: readonly OperatorCoverage[]): OperatorCoverage[] =>
  operators.filter(({ kind, onPath }) => onPath && (kind === 'missing' || kind === 'none'))
