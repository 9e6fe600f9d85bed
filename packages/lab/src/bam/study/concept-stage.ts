/** @file TCAV on each model: how much its class depends on the dog as a concept. */
import { type Cell, makeCell, type Work } from '../../runner/index.js'
import { type ConceptResult, conceptScores, dogConcept } from '../concept/index.js'
import type { BamSource } from '../source.js'
import type { StudyModel } from './models.js'

const version = '1'

/**
 * Inputs: dog_bedroom pictures; concept: the dog on any scene; random: scenes alone. The class is the dog for f_obj, the bedroom for the
 * others.
 */
export class Concepts {
  readonly #jobs = new Map<string, StudyModel>()
  readonly #cells: Cell[] = []

  constructor(
    private readonly source: BamSource,
    private readonly limit: number,
    private readonly seed: number,
  ) {}

  get cells(): readonly Cell[] {
    return this.#cells
  }

  add(model: StudyModel): void {
    const cell = makeCell(
      {
        kind: 'concept',
        version,
        model: model.model.digest,
        options: { pictures: this.limit, role: model.role === 'obj' ? 'dog' : 'bedroom' },
        sample: this.source.digest.slice(0, 16),
        seed: this.seed,
      },
      { cost: { forwards: 2 * this.limit, gradients: 4 * this.limit } },
    )
    this.#jobs.set(cell.key, model)
    this.#cells.push(cell)
  }

  readonly work: Work<ConceptResult> = async ({ key }, { signal }) => {
    const { model, role } = this.#jobs.get(key)!
    const { source } = this
    const { dog, bedroom } = source.roles
    const inputs = Array.from({ length: Math.min(this.limit, source.count('dog_bedroom', 'val')) }, (_, i) => i)
    const question = await dogConcept(source, {
      preprocessing: model.preprocessing!,
      examples: this.limit,
      inputs,
      seed: this.seed,
    })
    const target = role === 'obj' ? dog : bedroom
    const value = await conceptScores(model, { ...question, target }, { seed: this.seed, signal })
    return { value }
  }

  /** The result of one model; undefined where its cell failed. */
  find(values: ReadonlyMap<string, ConceptResult>, path: string): ConceptResult | undefined {
    for (const [key, model] of this.#jobs) if (model.path === path) return values.get(key)
    return undefined
  }
}
