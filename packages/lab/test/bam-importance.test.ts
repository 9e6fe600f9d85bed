import { InputError, UsageError } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import {
  admitClasses,
  admitPair,
  ladderDependence,
  logOdds,
  measureImportance,
  partnersOf,
  predictedClass,
  type SwapLogits,
} from '../src/bam/importance.js'
import { bamMetricNamed, imagesOf } from '../src/bam/metrics/index.js'
import type { BamEntry, BamSet, BamSource, Split } from '../src/bam/source.js'

/** Two objects, three scenes, four instances, all pairs; scene_only lacks instance 3. */
class SmallSource implements BamSource {
  readonly kind = 'generated'
  readonly size = 4
  readonly objects = ['a', 'b', 'c']
  readonly scenes = ['x', 'y', 'z', 'w']
  readonly roles = { dog: 0, bedroom: 1, bambooForest: 2 }
  readonly digest = ''
  readonly #instances = 4

  count(set: BamSet): number {
    if (set === 'bamboo_forest') return 0
    return set === 'scene_only' ? 4 * 3 : set === 'dog_bedroom' ? 4 : 3 * 4 * this.#instances
  }
  entry(set: BamSet, _split: Split, index: number): BamEntry {
    if (set === 'scene_only') return { object: null, scene: Math.floor(index / 3), instance: index % 3 }
    if (set === 'dog_bedroom') return { object: 0, scene: 1, instance: index }
    return { object: Math.floor(index / 16), scene: Math.floor(index / 4) % 4, instance: index % 4 }
  }
  find(set: BamSet, split: Split, entry: BamEntry): number | undefined {
    for (let i = 0; i < this.count(set); i++) {
      const other = this.entry(set, split, i)
      if (other.object === entry.object && other.scene === entry.scene && other.instance === entry.instance) return i
    }
    return undefined
  }
  picture(): never {
    throw new Error('no pictures here')
  }
}

describe('partners', () => {
  const source = new SmallSource()

  it('differ in the one thing that is swapped', () => {
    for (let index = 0; index < source.count('obj'); index++) {
      const own = source.entry('obj', 'val', index)
      const { objectSwap, sceneSwap, removed } = partnersOf(source, 'obj', 'val', index, 5)
      const object = source.entry('obj', 'val', objectSwap!)
      expect(object).toEqual({ ...own, object: object.object })
      expect(object.object).not.toBe(own.object)
      const scene = source.entry('obj', 'val', sceneSwap!)
      expect(scene).toEqual({ ...own, scene: scene.scene })
      expect(scene.scene).not.toBe(own.scene)
      if (own.instance === 3) expect(removed).toBeUndefined()
      else expect(source.entry('scene_only', 'val', removed!)).toEqual({ ...own, object: null })
    }
  })

  it('are drawn from (seed, index) alone, among all other classes', () => {
    const all = (seed: number) => Array.from({ length: 48 }, (_, index) => partnersOf(source, 'scene', 'val', index, seed))
    expect(all(1)).toEqual(all(1))
    expect(all(1)).not.toEqual(all(2))
    expect(partnersOf(source, 'scene', 'val', 17, 1)).toEqual(all(1)[17])
    const fromFirst = new Set(
      Array.from(
        { length: 60 },
        (_, seed) => source.entry('obj', 'val', partnersOf(source, 'obj', 'val', 0, seed).sceneSwap!).scene,
      ),
    )
    expect([...fromFirst].sort()).toEqual([1, 2, 3])
  })

  it('are undefined where the set has none', () => {
    const { objectSwap, sceneSwap, removed } = partnersOf(source, 'dog_bedroom', 'val', 0)
    expect([objectSwap, sceneSwap]).toEqual([undefined, undefined])
    expect(removed).toBe(3)
    const bare = partnersOf(source, 'scene_only', 'val', 0)
    expect([bare.objectSwap, bare.removed]).toEqual([undefined, undefined])
    expect(source.entry('scene_only', 'val', bare.sceneSwap!).scene).toBeGreaterThan(0)
  })
})

describe("a metric's images", () => {
  const source = new SmallSource()

  it('are the pictures of its first set with their partners', () => {
    const contrast = imagesOf(source, bamMetricNamed('mcs'))
    expect(contrast).toHaveLength(48)
    expect(contrast[17]).toEqual({
      entry: { object: 1, scene: 0, instance: 1 },
      source: 1,
      pictures: [
        { model: 'obj', picture: 'obj', index: 17 },
        { model: 'scene', picture: 'scene', index: 17 },
      ],
    })
    const dependence = imagesOf(source, bamMetricNamed('idr'))
    expect(dependence.filter(image => image.excluded === 'no partner').map(image => image.source)).toEqual(new Array(12).fill(3))
    expect(dependence[17]!.pictures[1]).toEqual({ model: 'scene', picture: 'scene_only', index: 1 })
    expect(imagesOf(source, bamMetricNamed('placebo-contrast'))[5]!.pictures[1]).toEqual({
      model: 'obj',
      picture: 'placebo',
      index: 5,
    })
    expect(imagesOf(source, bamMetricNamed('relative-mcs'), { options: { rung: 3 } })[2]!.pictures).toEqual([
      { model: 'scene3', picture: 'dog_bedroom', index: 2 },
      { model: 'scene10', picture: 'dog_bedroom', index: 2 },
    ])
  })

  it('can be a seeded sample, of which a smaller one is a part', () => {
    const take = (limit: number, seed = 1): string[] =>
      imagesOf(source, bamMetricNamed('mcs'), { limit, seed }).map(image => JSON.stringify(image.entry))
    expect(new Set(take(20)).size).toBe(20)
    expect(take(20)).toEqual(expect.arrayContaining(take(8)))
    expect(take(20)).not.toEqual(take(20, 2))
    expect(take(500)).toHaveLength(48)
  })

  it('must be there', () => {
    expect(() => imagesOf(source, bamMetricNamed('iir'))).toThrow(/needs the set bamboo_forest/)
    expect(() => imagesOf(source, bamMetricNamed('mcs'), { limit: 0 })).toThrow(UsageError)
  })
})

describe('log odds', () => {
  it('compare the class with all others', () => {
    expect(logOdds([Math.log(6), Math.log(1), Math.log(2)], 0)).toBeCloseTo(Math.log(2), 12)
    expect(logOdds([1000, 0], 0)).toBeCloseTo(1000, 9)
    expect(predictedClass([1, 3, 3])).toBe(1)
    expect(() => logOdds([1, 2], 2)).toThrow(InputError)
  })
})

/** Logits of two classes with log odds d for class `label`. */
const odds = (label: number, d: number): number[] => (label === 0 ? [d, 0] : [0, d])

/** n rows of one pair of classes; each swap takes the log odds from 4 to -2 on the first `flipped` rows, to 3 on the others. */
function rowsOf(
  set: 'obj' | 'scene',
  n: number,
  flipped: { object: number; scene: number },
  entry = { object: 0, scene: 1 },
): SwapLogits[] {
  const label = set === 'obj' ? entry.object : entry.scene
  return Array.from({ length: n }, (_, i) => ({
    entry: { ...entry, instance: i },
    source: i,
    logits: odds(label, 4),
    objectSwap: odds(label, i < flipped.object ? -2 : 3),
    sceneSwap: odds(label, i < flipped.scene ? -2 : 3),
    removed: i === 0 ? undefined : odds(label, 1),
  }))
}

describe('measured importance', () => {
  it('counts flips and falls of the log odds over correct pictures', () => {
    const wrong = { ...rowsOf('obj', 1, { object: 1, scene: 1 })[0]!, source: 99, logits: odds(0, -1) }
    const measured = measureImportance('obj', [...rowsOf('obj', 4, { object: 3, scene: 0 }), wrong], { resamples: 100 })
    expect([measured.n, measured.correct]).toEqual([5, 4])
    expect(measured.objectSwap).toMatchObject({ n: 4, flips: 0.75 })
    expect(measured.objectSwap.fall).toBeCloseTo((3 * 6 + 1) / 4, 12)
    expect(measured.objectSwap.deviation).toBeCloseTo(2.5, 12)
    expect(measured.sceneSwap).toMatchObject({ n: 4, flips: 0, deviation: 0 })
    expect(measured.sceneSwap.fall).toBeCloseTo(1, 12)
    expect(measured.removed).toMatchObject({ n: 3, flips: 0 })
    expect(measured.removed.fall).toBeCloseTo(3, 12)
    expect(measured.estimates.objectSwap.flips.value).toBe(0.75)
    expect(measured.estimates.objectSwap.flips.low).toBeLessThan(0.75)
    expect(measured.estimates.objectSwap.flips.clusters).toBe(4)
  })

  it('is split by pair of classes', () => {
    const rows = [
      ...rowsOf('scene', 10, { object: 0, scene: 10 }),
      ...rowsOf('scene', 10, { object: 5, scene: 10 }, { object: 1, scene: 0 }),
    ]
    const { pairs, objectSwap, sceneSwap } = measureImportance('scene', rows, { resamples: 10 })
    expect(pairs.map(({ object, scene, objectSwap: swap }) => [object, scene, swap.flips])).toEqual([
      [0, 1, 0],
      [1, 0, 0.5],
    ])
    expect([objectSwap.flips, sceneSwap.flips]).toEqual([0.25, 1])
  })

  it('of a pair of models decides whether MCS means anything', () => {
    const measure = (set: 'obj' | 'scene', object: number, scene: number) =>
      measureImportance(set, rowsOf(set, 100, { object, scene }), { resamples: 5 })
    expect(admitPair(measure('obj', 90, 2), measure('scene', 2, 90))).toEqual({ admitted: true, reasons: [] })
    const refused = admitPair(measure('obj', 89, 3), measure('scene', 2, 95))
    expect(refused.admitted).toBe(false)
    expect(refused.reasons).toEqual([
      'f_obj flips on 89.0% of 100 object swaps (>= 90.0% is needed)',
      'f_obj flips on 3.0% of 100 scene swaps (<= 2.0% is needed)',
    ])
    const unmeasured = admitPair(measureImportance('obj', [], { resamples: 5 }), measure('scene', 0, 100))
    expect(unmeasured.reasons).toEqual(['f_obj: no object swaps measured', 'f_obj: no scene swaps measured'])
  })

  it('decides the same for each pair of classes', () => {
    const first = { object: 0, scene: 1 }
    const second = { object: 1, scene: 1 }
    const objects = [
      ...rowsOf('obj', 10, { object: 10, scene: 0 }, first),
      ...rowsOf('obj', 10, { object: 10, scene: 1 }, second),
    ]
    const scenes = [
      ...rowsOf('scene', 10, { object: 0, scene: 9 }, first),
      ...rowsOf('scene', 10, { object: 0, scene: 9 }, second),
    ]
    const admitted = admitClasses(
      measureImportance('obj', objects, { resamples: 5 }),
      measureImportance('scene', scenes, { resamples: 5 }),
    )
    expect(admitted.map(({ object, scene, admitted: yes }) => [object, scene, yes])).toEqual([
      [0, 1, true],
      [1, 1, false],
    ])
  })

  it('says when the model has too few classes for the set', () => {
    expect(() => measureImportance('obj', [{ entry: { object: 5, scene: 0, instance: 0 }, source: 0, logits: [1, 2] }])).toThrow(
      InputError,
    )
  })
})

describe('dependence along the ladder', () => {
  it('is what removing the dog takes from the label', () => {
    const rows = ladderDependence(
      [
        { source: 'a', withDog: odds(1, 3), withoutDog: odds(1, -1) },
        { source: 'b', withDog: odds(1, 2), withoutDog: odds(1, 1.5) },
        { source: 'c', withDog: odds(1, -1), withoutDog: odds(1, 1) },
      ],
      1,
    )
    expect(rows.map(({ source, dependence, accuracyChange }) => [source, dependence, accuracyChange])).toEqual([
      ['a', 4, 1],
      ['b', 0.5, 0],
      ['c', -2, -1],
    ])
    expect(() => ladderDependence([{ source: 0, withDog: [1], withoutDog: [1] }], 3)).toThrow(InputError)
  })
})
