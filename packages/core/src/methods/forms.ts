/** @file Layer and neuron forms: names under which other libraries list a method applied inside the model, and what each must be told. */
import { UsageError } from '../errors.js'
import type { Form, Method } from './method.js'

const layer = (name: string, of: string): Form => ({ name: `layer-${name}`, of, required: 'at' })
const neuron = (name: string, of: string): Form => ({ name: `neuron-${name}`, of, required: 'output' })

/** The method at a tensor inside the graph (its path or its baseline lies there), or with one neuron as what is explained. */
const forms: readonly Form[] = [
  layer('activation', 'activation'),
  layer('gradient', 'gradient'),
  layer('gradient-x-activation', 'input-x-gradient'),
  layer('integrated-gradients', 'integrated-gradients'),
  layer('gradient-shap', 'expected-gradients'),
  layer('deeplift', 'deeplift'),
  layer('deeplift-shap', 'deeplift-shap'),
  layer('lrp', 'lrp'),
  layer('ablation', 'feature-ablation'),
  neuron('gradient', 'gradient'),
  neuron('integrated-gradients', 'integrated-gradients'),
  neuron('gradient-shap', 'expected-gradients'),
  neuron('deeplift', 'deeplift'),
  neuron('deeplift-shap', 'deeplift-shap'),
  neuron('guided-backprop', 'guided-backprop'),
  neuron('deconvnet', 'deconvnet'),
  neuron('ablation', 'feature-ablation'),
  { name: 'layer-conductance', of: 'conductance', required: 'layer' },
  { name: 'layer-internal-influence', of: 'internal-influence', required: 'layer' },
]

/** A method's forms, and what each must be given. */
export const formsOf = (method: Method): readonly Form[] => forms.filter(({ of }) => of === method.name)

/** Lists a method's forms among its aliases. */
export function withForms(method: Method): Method {
  const names = formsOf(method).map(({ name }) => name)
  return names.length > 0 ? { ...method, aliases: [...(method.aliases ?? []), ...names] } : method
}

/** The method that a form's name stands for; undefined where it is no form. `methods` gives the method of a plain name. */
export function formNamed(name: string, methods: readonly Method[]): Method | undefined {
  const form = forms.find(one => one.name === name)
  const method = form && methods.find(one => one.name === form.of)
  return method && { ...method, form }
}

const hints: Readonly<Record<Form['required'], string>> = {
  at: 'explains a tensor inside the model: name it with at (--at TENSOR)',
  output: 'explains a neuron: name its tensor with output (--output TENSOR) and the neuron as target',
  layer: 'explains a layer: name its tensor with the option layer (layer=TENSOR)',
}

/** @throws UsageError where a form is not given the tensor that it is about */
export function checkForm({ form }: Method, given: Readonly<Record<Form['required'], unknown>>): void {
  if (form && !given[form.required]) throw new UsageError(`${form.name} ${hints[form.required]}`)
}
