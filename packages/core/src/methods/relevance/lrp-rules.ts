/** @file Rules for layers that the user gives as text: which layers, which rule, with which parameters. */
import {
  type Assignment,
  type LayerGroup,
  type LayerRuleName,
  layerGroups,
  layerOperators,
  layerRules,
  ruleParameters,
} from '@ascribe/autodiff'
import { type Graph, operatorKey } from '@ascribe/onnx'
import { UsageError } from '../../errors.js'
import { suggestion } from '../../suggest.js'

const ruleNames = Object.keys(layerRules) as LayerRuleName[]

/**
 * `LAYERS:RULE[=NUMBER] [PARAMETER=VALUE ...]` between semicolons, in order: a layer takes the first that fits it. `gamma=0.5` is the rule
 * gamma with that parameter, as is `epsilon=0.1`.
 * @param bounded whether the bounds of the input are known, for the rule z-box
 * @throws UsageError for a rule, parameter or layers that do not exist, and for z-box without bounds
 */
export function ownRules(text: string, graph: Graph, bounded: boolean): Assignment[] {
  return text
    .split(';')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
    .map(entry => assignment(entry, graph, bounded))
}

function assignment(entry: string, graph: Graph, bounded: boolean): Assignment {
  const where = `lrp: rule "${entry}"`
  const colon = entry.lastIndexOf(':')
  if (colon <= 0)
    throw new UsageError(
      `${where} is not understood; write LAYERS:RULE, as in first:z-box, Conv:gamma=0.5 or fc1:alpha-beta alpha=2`,
    )
  const [head, ...rest] = entry
    .slice(colon + 1)
    .trim()
    .split(/\s+/) as [string, ...string[]]
  const [name] = head.split('=') as [string]
  const rule = ruleNames.find(one => one === name)
  if (!rule)
    throw new UsageError(`${where}: there is no rule "${name}"${suggestion(name, ruleNames)} (there are ${ruleNames.join(', ')})`)
  const parameters = Object.fromEntries((head.includes('=') ? [head, ...rest] : rest).map(part => parameter(part, rule, where)))
  if (rule === 'z-box' && !bounded && !('low' in parameters && 'high' in parameters))
    throw new UsageError(`${where} needs the bounds of the input's values: low=NUMBER and high=NUMBER`)
  return { ...parameters, layers: layersNamed(entry.slice(0, colon).trim(), graph, where), rule }
}

function parameter(part: string, rule: LayerRuleName, where: string): [string, number | boolean | number[]] {
  const [name, value = ''] = part.split('=') as [string, string?]
  const known: readonly string[] = ruleParameters[rule]
  if (!known.includes(name))
    throw new UsageError(
      `${where}: ${rule} has no parameter "${name}"${suggestion(name, known)} (it has ${known.length > 0 ? known.join(', ') : 'none'})`,
    )
  if (name === 'bias') {
    if (value !== 'true' && value !== 'false') throw new UsageError(`${where}: bias must be true or false, not "${value}"`)
    return [name, value === 'true']
  }
  const number = value === '' ? Number.NaN : Number(value)
  const box = name === 'low' || name === 'high'
  if (!Number.isFinite(number) || (!box && number < 0))
    throw new UsageError(`${where}: ${name} must be a number${box ? '' : ' of at least 0'}, not "${value}"`)
  return [name, box ? [number] : number]
}

function layersNamed(name: string, graph: Graph, where: string): Assignment['layers'] {
  if (Object.hasOwn(layerGroups, name)) return name as LayerGroup
  if (Object.hasOwn(layerOperators, name)) return { operator: name }
  const layers = graph.nodes.filter(node => layerOperators[operatorKey(node)])
  const names = layers.flatMap(node => [node.name, node.outputs[0]!]).filter(one => one !== '')
  if (names.includes(name)) return [name]
  if (graph.nodes.some(node => node.name === name || node.outputs.includes(name)))
    throw new UsageError(`${where}: "${name}" is no layer; rules are for ${Object.keys(layerOperators).join(', ')}`)
  const all = [...Object.keys(layerGroups), ...Object.keys(layerOperators)]
  throw new UsageError(
    `${where}: the model has no layer "${name}"${suggestion(name, [...all, ...names])} (${all.join(', ')}, or a node's name)`,
  )
}
