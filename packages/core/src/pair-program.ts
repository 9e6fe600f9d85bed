/** @file The graph that runs a model on inputs and baselines together, for rules that compare the two. */
import { differentiate, ruleSets, withBaseline } from '@ascribe/autodiff'
import { type Graph, GraphBuilder, inferShapes } from '@ascribe/onnx'
import { finish, type ProgramSource, port, rebind, withTarget } from './programs.js'

/** Port of the target's value at the baselines. */
export const baselineValuePort = 'baseline:value'

/**
 * Multipliers between pairs of an input and a baseline, row by row, for rule sets that read a baseline.
 * Ports: points/NAME, baseline/NAME -> target:value, baseline:value, sum/NAME (one row of multipliers per pair).
 */
export function pairProgram(source: ProgramSource): Graph {
  const bound = rebind(source, (head, name) => head.input(port.points(name), 'float32', source.graph.dims(name)!))
  const value = withTarget(source, bound)
  bound.output(value)
  const inputs = new Map(source.at.map(name => [port.points(name), port.baseline(name)]))
  const { graph, baseline } = withBaseline(inferShapes(bound.build()), inputs, [value])
  const rules = ruleSets[source.rules ?? 'gradient']
  const result = differentiate(graph, { of: [value], at: source.at, cotangents: { [value]: null }, rules, baseline })
  return finish(new GraphBuilder(result.graph, 'reduce'), [
    [value, port.value],
    [baseline.get(value)!, baselineValuePort],
    ...source.at.map(name => [result.gradients[name]!, port.sum(name)] as const),
  ])
}
