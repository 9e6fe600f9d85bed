/** @file A model whose weights know nothing: every weight tensor's values in another order. */
import { Model, Random } from '@ascribe/core'
import { isFloat, Tensor } from '@ascribe/onnx'
import { shuffled } from '../../order.js'

/** Tensors of fewer values are settings of the graph (scales, epsilons) rather than weights. */
const smallest = 32

const made = new WeakMap<Model, Model>()

/**
 * The same graph with the values of each float initializer shuffled, which keeps their distribution; one per model, made when first asked
 * for. Adebayo et al.: Sanity Checks for Saliency Maps, NeurIPS 2018 (there: drawn anew).
 */
export function shuffledModel(model: Model, seed: number): Model {
  const known = made.get(model)
  if (known) return known
  let stream = 0
  const initializers = new Map(
    [...model.graph.initializers].map(([name, tensor]) => {
      const values = tensor.numbers()
      // A copy of its own: the file that the tensor came from is not this model's.
      if (!isFloat(tensor.dtype) || tensor.size < smallest) return [name, Tensor.from(tensor.dtype, tensor.dims, values)] as const
      const order = shuffled(values.length, new Random(seed, ++stream))
      return [
        name,
        Tensor.float32(
          tensor.dims,
          Float64Array.from(order, at => values[at]!),
        ),
      ] as const
    }),
  )
  const { runtime, name, digest, preprocessing } = model
  const mixed = new Model(model.graph.with({ initializers }), {
    runtime,
    name: `${name} with shuffled weights`,
    digest: `${digest}-shuffled-${seed}`,
    ...(preprocessing && { preprocessing }),
  })
  made.set(model, mixed)
  return mixed
}
