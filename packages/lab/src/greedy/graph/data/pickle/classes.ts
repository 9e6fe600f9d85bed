/** @file The few Python classes that graph files hold. Nothing of Python is run: every name stands for one of these or is refused. */
import { elementReaders, type Fail, valuesOf } from './elements.js'

/** A class or function by its name in Python: what it makes of its arguments. */
export interface PickleClass {
  readonly name: string
  readonly call: (given: readonly unknown[], fail: Fail) => unknown
}

/** An object that is made empty and given its contents later. */
export abstract class Stateful {
  abstract setState(state: unknown, fail: Fail): void
}

/** A numpy type of numbers: `f8`, `<i4`. */
class ElementType extends Stateful {
  #bigEndian = false

  constructor(readonly kind: string) {
    super()
  }

  get bigEndian(): boolean {
    return this.#bigEndian
  }

  setState(state: unknown): void {
    this.#bigEndian = Array.isArray(state) && state[1] === '>'
  }
}

/** A numpy array, in the order of C. */
export class NumberArray extends Stateful {
  shape: readonly number[] = []
  values: Float64Array = new Float64Array(0)

  /** (version, shape, type, whether in the order of Fortran, bytes); the first is missing in old files. */
  setState(state: unknown, fail: Fail): void {
    const [shape, type, fortran, bytes] = Array.isArray(state) ? state.slice(-4) : []
    if (!Array.isArray(shape) || !(type instanceof ElementType) || typeof bytes !== 'string')
      fail('a numpy array without its shape, type or bytes')
    if (fortran && shape.length > 1) fail('a numpy array in the order of Fortran is not read')
    this.shape = shape
    const count = shape.reduce((product: number, size: number) => product * size, 1)
    this.values = valuesOf(bytes, type.kind, type.bigEndian, count, fail)
  }
}

/** A scipy csr matrix: the numbers of row r are data[k] in column indices[k] for k from indptr[r] to indptr[r + 1]. */
export class SparseRows extends Stateful {
  shape: readonly number[] = []
  data: Float64Array = new Float64Array(0)
  indices: Float64Array = new Float64Array(0)
  indptr: Float64Array = new Float64Array(0)

  setState(state: unknown, fail: Fail): void {
    if (!(state instanceof Map)) fail('a csr matrix without its contents')
    const shape: unknown = state.get('_shape') ?? state.get('shape')
    const array = (name: string): Float64Array => {
      const found: unknown = state.get(name)
      return found instanceof NumberArray ? found.values : fail(`a csr matrix without its ${name}`)
    }
    if (!Array.isArray(shape) || shape.length !== 2) fail('a csr matrix without its shape')
    this.shape = shape.map(Number)
    this.data = array('data')
    this.indices = array('indices')
    this.indptr = array('indptr')
    const [rows, columns] = this.shape as [number, number]
    const ends = this.indptr
    const total = this.data.length
    const whole =
      ends.length === rows + 1 &&
      ends[0] === 0 &&
      ends[rows] === total &&
      this.indices.length === total &&
      ends.every((end, row) => row === 0 || end >= ends[row - 1]!) &&
      this.indices.every(column => column >= 0 && column < columns)
    if (!whole) fail('a csr matrix whose rows do not fit together')
  }
}

const known: readonly PickleClass[] = [
  { name: 'collections.defaultdict', call: () => new Map() },
  { name: 'collections.OrderedDict', call: () => new Map() },
  { name: '__builtin__.list', call: ([values]) => (Array.isArray(values) ? [...values] : []) },
  { name: '__builtin__.object', call: () => null },
  // _reconstructor(class, object, nothing): how protocols 0 and 1 make an empty object.
  {
    name: 'copy_reg._reconstructor',
    call: ([wanted], fail) => knownIn(wanted)?.call([], fail) ?? fail('an object of no known class'),
  },
  { name: '_codecs.encode', call: ([text]) => text },
  {
    name: 'numpy.dtype',
    call: ([kind], fail) =>
      typeof kind === 'string' && Object.hasOwn(elementReaders, kind)
        ? new ElementType(kind)
        : fail(`numpy type "${String(kind)}" is not read; only numbers are`),
  },
  { name: 'numpy.ndarray', call: () => new NumberArray() },
  { name: 'numpy.core.multiarray._reconstruct', call: () => new NumberArray() },
  {
    name: 'numpy.core.multiarray.scalar',
    call: ([type, bytes], fail) =>
      type instanceof ElementType && typeof bytes === 'string'
        ? valuesOf(bytes, type.kind, type.bigEndian, 1, fail)[0]
        : fail('a numpy number without its bytes'),
  },
  { name: 'scipy.sparse.csr.csr_matrix', call: () => new SparseRows() },
]

const byName: ReadonlyMap<string, PickleClass> = new Map(known.map(one => [one.name, one]))

const knownIn = (value: unknown): PickleClass | undefined => known.find(one => one === value)

/** Modules that were renamed since. */
const renamed: Readonly<Record<string, string>> = {
  builtins: '__builtin__',
  copyreg: 'copy_reg',
  'numpy._core.multiarray': 'numpy.core.multiarray',
  'scipy.sparse._csr': 'scipy.sparse.csr',
}

export const className = (module: string, name: string): string => `${module}.${name}`

export const knownClass = (module: string, name: string): PickleClass | undefined =>
  byName.get(className(Object.hasOwn(renamed, module) ? renamed[module]! : module, name))
