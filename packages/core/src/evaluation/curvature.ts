/** @file The target's second derivative at a layer, applied to the layer's own values. */
import { differentiate, ruleSets } from '@ascribe/autodiff'
import { elementCount, type Graph, GraphBuilder, inferShapes } from '@ascribe/onnx'
import { finish, type ProgramSource, port, rebind, rowDims, withTarget } from '../programs.js'
import { checkFinite, type RowProgram, type Rows } from './rows.js'

/**
 * H y = d (G . y) / d y - G with G = d f / d y at the layer y, which the product rule gives without holding y apart from itself.
 * Ports: points/NAME -> sum/LAYER.
 */
function curvatureProgram(source: ProgramSource, layer: string): Graph {
  const bound = rebind(source, (head, name) => head.input(port.points(name), 'float32', source.graph.dims(name)!))
  const value = withTarget(source, bound)
  bound.output(value)
  const rules = ruleSets.gradient
  const first = differentiate(inferShapes(bound.build()), { of: [value], at: [layer], cotangents: { [value]: null }, rules })
  const between = new GraphBuilder(first.graph, 'curvature')
  const gradient = first.gradients[layer]!
  const product = between.emit('Mul', [gradient, layer])
  between.output(product)
  const second = differentiate(inferShapes(between.build()), {
    of: [product],
    at: [layer],
    cotangents: { [product]: null },
    rules,
  })
  const builder = new GraphBuilder(second.graph, 'curvature')
  return finish(builder, [[builder.emit('Sub', [second.gradients[layer]!, gradient]), port.sum(layer)]])
}

/** H y for the input itself, one gradient. */
export async function layerCurvature(rows: Rows, layer: string): Promise<Float32Array> {
  const count = rows.rows(1)
  const program: RowProgram = {
    key: rows.targetKey(`curvature of ${JSON.stringify(layer)}`),
    make: source => curvatureProgram(source, layer),
    read: [layer],
  }
  const { inputs, cost } = rows.situation
  const points = Object.fromEntries(rows.at.map(name => [name, inputs[name]!.data]))
  const result = await rows.run(program, count, { ...rows.classFeed(), ...rows.padded(points, 1, count) })
  cost.gradients += 1
  const found = (result[port.sum(layer)]!.data as Float32Array).slice(
    0,
    elementCount(rowDims(rows.source(count, [layer]), layer)),
  )
  checkFinite(found, layer)
  return found
}
