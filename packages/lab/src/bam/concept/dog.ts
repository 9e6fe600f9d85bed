/** @file The concept of BAM: the dog, by pictures with it and the same scenes without. */
import { type Preprocessing, Random, UsageError } from '@ascribe/core'
import { sampled } from '../../order.js'
import type { BamSource, Split } from '../source.js'
import { pictureRows } from './rows.js'
import type { ConceptQuestion } from './tcav.js'

export interface DogConceptOptions {
  readonly preprocessing: Preprocessing
  /** Examples of the concept, and as many without it; default 100, fewer where the source has fewer. */
  readonly examples?: number
  /** Pictures of dog_bedroom that are explained (those classified correctly); default all. */
  readonly inputs?: readonly number[]
  /** Default `val`. */
  readonly split?: Split
  /** Which examples are drawn; default 0. */
  readonly seed?: number
}

/**
 * What `conceptScores` asks in BAM, but for the class: dog_bedroom pictures are explained, the concept is the dog on random scenes other
 * than the bedroom (so that no explained picture is an example), the counterparts are the same scene pictures without it.
 * The class is `roles.dog` for object models and `roles.bedroom` for scene models.
 * @throws UsageError where the source has no such pictures
 */
export async function dogConcept(source: BamSource, options: DogConceptOptions): Promise<Omit<ConceptQuestion, 'target'>> {
  const { examples = 100, split = 'val', seed = 0, preprocessing } = options
  const { dog, bedroom } = source.roles
  const pairs: { readonly withDog: number; readonly without: number }[] = []
  for (let withDog = 0; withDog < source.count('obj', split); withDog++) {
    const entry = source.entry('obj', split, withDog)
    if (entry.object !== dog || entry.scene === bedroom) continue
    const without = source.find('scene_only', split, { ...entry, object: null })
    if (without !== undefined) pairs.push({ withDog, without })
  }
  const drawn = sampled(pairs.length, examples, new Random(seed)).map(at => pairs[at]!)
  const inputs = options.inputs ?? Array.from({ length: source.count('dog_bedroom', split) }, (_, i) => i)
  if (drawn.length === 0 || inputs.length === 0)
    throw new UsageError(
      `the ${source.kind} data has no ${split} pictures of dogs in bedrooms and on other scenes with and without`,
    )
  const rows = async (set: 'obj' | 'scene_only' | 'dog_bedroom', indices: readonly number[]) => {
    const pictures: Uint8Array[] = []
    for (const index of indices) pictures.push((await source.picture(set, split, index)).pixels)
    return pictureRows(pictures, source.size, preprocessing)
  }
  return {
    inputs: await rows('dog_bedroom', inputs),
    concept: await rows(
      'obj',
      drawn.map(({ withDog }) => withDog),
    ),
    random: await rows(
      'scene_only',
      drawn.map(({ without }) => without),
    ),
  }
}
