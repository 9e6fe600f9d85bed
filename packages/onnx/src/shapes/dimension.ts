/** @file Arithmetic on dimensions: numbers, symbols, and canonical polynomials in symbols (`2*batch`, `batch*seq+batch`, `floor((h-1)/2)`). */
import type { Dimension } from '../graph.js'

/** Integer polynomial: coefficient by monomial; a monomial is its sorted atoms joined by `separator`, '' is the constant. */
type Polynomial = ReadonlyMap<string, number>

const separator = '\u0001'
const maxTerms = 12
const maxLength = 160
const identifier = /^[^\s+\-*/(),\d][^\s+\-*/(),]*/

const constant = (value: number): Polynomial => (value === 0 ? new Map() : new Map([['', value]]))
const atom = (name: string): Polynomial => new Map([[name, 1]])

function combine(a: Polynomial, b: Polynomial, factor: number): Polynomial {
  const out = new Map(a)
  for (const [monomial, value] of b) {
    const sum = (out.get(monomial) ?? 0) + factor * value
    if (sum === 0) out.delete(monomial)
    else out.set(monomial, sum)
  }
  return out
}

const atoms = (monomial: string): string[] => (monomial === '' ? [] : monomial.split(separator))

function times(a: Polynomial, b: Polynomial): Polynomial {
  let out: Polynomial = new Map()
  for (const [left, x] of a)
    for (const [right, y] of b)
      out = combine(out, new Map([[[...atoms(left), ...atoms(right)].sort().join(separator), x * y]]), 1)
  return out
}

/** Higher degree first, then by name; the order of division and of printing. */
function byDegree(a: string, b: string): number {
  return atoms(b).length - atoms(a).length || (a < b ? -1 : a > b ? 1 : 0)
}

const leading = (p: Polynomial): string => [...p.keys()].sort(byDegree)[0]!

function divideMonomial(a: string, b: string): string | undefined {
  const rest = atoms(a)
  for (const part of atoms(b)) {
    const at = rest.indexOf(part)
    if (at < 0) return undefined
    rest.splice(at, 1)
  }
  return rest.join(separator)
}

/** The quotient where `b` divides `a` without remainder. */
function divideExactly(a: Polynomial, b: Polynomial): Polynomial | undefined {
  if (b.size === 0) return undefined
  const head = leading(b)
  let rest = a
  let quotient: Polynomial = new Map()
  for (let guard = 0; rest.size > 0 && guard < 4 * maxTerms; guard++) {
    const top = leading(rest)
    const monomial = divideMonomial(top, head)
    const factor = rest.get(top)! / b.get(head)!
    if (monomial === undefined || !Number.isInteger(factor)) return undefined
    const term: Polynomial = new Map([[monomial, factor]])
    quotient = combine(quotient, term, 1)
    rest = combine(rest, times(term, b), -1)
  }
  return rest.size === 0 ? quotient : undefined
}

function floorQuotient(a: Polynomial, b: Polynomial): Polynomial | undefined {
  const exact = divideExactly(a, b)
  if (exact) return exact
  const divisor = b.size === 1 ? b.get('') : undefined
  let whole: Polynomial = new Map()
  let rest = a
  if (divisor !== undefined && divisor > 0) {
    for (const [monomial, value] of a) {
      const part = monomial === '' ? Math.floor(value / divisor) : value % divisor === 0 ? value / divisor : 0
      if (part === 0) continue
      whole = combine(whole, new Map([[monomial, part]]), 1)
      rest = combine(rest, new Map([[monomial, part * divisor]]), -1)
    }
    if (rest.size === 0 || (rest.size === 1 && rest.has(''))) return whole
  }
  const [top, bottom] = [print(rest), print(b)]
  const group = (text: string) => (/^[^+\-*/(),\s]+$/.test(text) ? text : `(${text})`)
  return combine(whole, atom(`floor(${group(top)}/${group(bottom)})`), 1)
}

function print(p: Polynomial): string {
  let out = ''
  for (const monomial of [...p.keys()].sort(byDegree)) {
    const value = p.get(monomial)!
    const size = Math.abs(value)
    const factors = [...(size !== 1 || monomial === '' ? [String(size)] : []), ...atoms(monomial)]
    out += (value < 0 ? '-' : out === '' ? '' : '+') + factors.join('*')
  }
  return out === '' ? '0' : out
}

/** Reads an expression; undefined where the text is not one. */
class Parser {
  #rest: string

  constructor(text: string) {
    this.#rest = text.trim()
  }

  parse(): Polynomial | undefined {
    const result = this.#sum(0)
    return this.#rest === '' ? result : undefined
  }

  #take(token: string): boolean {
    if (!this.#rest.startsWith(token)) return false
    this.#rest = this.#rest.slice(token.length).trimStart()
    return true
  }

  #sum(depth: number): Polynomial | undefined {
    if (depth > 20) return undefined
    let result = this.#take('-') ? negate(this.#product(depth)) : this.#product(depth)
    while (result) {
      const sign = this.#take('+') ? 1 : this.#take('-') ? -1 : 0
      if (sign === 0) break
      const next = this.#product(depth)
      if (!next) return undefined
      result = combine(result, next, sign)
    }
    return result
  }

  #product(depth: number): Polynomial | undefined {
    let result = this.#factor(depth)
    while (result) {
      const divides = this.#take('//') || this.#take('/')
      if (!divides && !this.#take('*')) break
      const next = this.#factor(depth)
      if (!next || (divides && next.size === 0)) return undefined
      result = divides ? floorQuotient(result, next) : times(result, next)
    }
    return result
  }

  #factor(depth: number): Polynomial | undefined {
    if (this.#take('floor(') || this.#take('(')) {
      const inner = this.#sum(depth + 1)
      return this.#take(')') ? inner : undefined
    }
    const found = /^\d+/.exec(this.#rest)?.[0] ?? identifier.exec(this.#rest)?.[0]
    if (found === undefined) return undefined
    this.#take(found)
    return this.#rest.startsWith('(') ? undefined : /^\d/.test(found) ? constant(Number(found)) : atom(found)
  }
}

const negate = (p: Polynomial | undefined): Polynomial | undefined => p && combine(new Map(), p, -1)

function parse(dim: number | string): Polynomial | undefined {
  if (typeof dim === 'number') return Number.isInteger(dim) ? constant(dim) : undefined
  if (identifier.exec(dim)?.[0] === dim) return atom(dim)
  return dim.length > maxLength ? undefined : new Parser(dim).parse()
}

function toDimension(p: Polynomial | undefined): Dimension {
  if (!p || p.size > maxTerms) return null
  if (p.size === 0) return 0
  if (p.size === 1 && p.has('')) return p.get('')!
  const text = print(p)
  return text.length > maxLength ? null : text
}

function symbolic(a: Dimension, b: Dimension, f: (a: Polynomial, b: Polynomial) => Polynomial | undefined): Dimension {
  if (a === null || b === null) return null
  const left = parse(a)
  const right = parse(b)
  return left && right && left.size * right.size <= 4 * maxTerms ? toDimension(f(left, right)) : null
}

/** a + b, or null where unknown. */
export function addDims(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  return a === 0 ? b : b === 0 ? a : symbolic(a, b, (x, y) => combine(x, y, 1))
}

/** a - b, or null where unknown. */
export function subtractDims(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return b === 0 ? a : a !== null && a === b ? 0 : symbolic(a, b, (x, y) => combine(x, y, -1))
}

/** a * b, or null where unknown. */
export function multiplyDims(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a === 0 || b === 0) return 0
  return a === 1 ? b : b === 1 ? a : symbolic(a, b, times)
}

/** floor(a / b), or null where unknown. */
export function floorDivideDims(a: Dimension, b: Dimension): Dimension {
  if (b === 0) return null
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b)
  if (b === 1) return a
  return a !== null && a === b ? 1 : symbolic(a, b, (x, y) => (y.size === 0 ? undefined : floorQuotient(x, y)))
}

/** a / b where that is known to be whole, else null. */
export function divideDims(a: Dimension, b: Dimension): Dimension {
  if (b === 0) return null
  if (typeof a === 'number' && typeof b === 'number') return a % b === 0 ? a / b : null
  if (b === 1) return a
  return a !== null && a === b ? 1 : symbolic(a, b, divideExactly)
}

/** Product of all, 1 for none, null where unknown. */
export const productDims = (dims: readonly Dimension[]): Dimension => dims.reduce(multiplyDims, 1)

/** The canonical text of an expression such as ` past + seq `; anything else unchanged. */
export function canonicalDim(dim: Dimension): Dimension {
  if (typeof dim !== 'string' || identifier.exec(dim)?.[0] === dim) return dim
  const parsed = parse(dim)
  return parsed ? (toDimension(parsed) ?? dim) : dim
}

/** The plain symbols a dimension is made of. */
export function symbolsOf(dim: Dimension): string[] {
  if (typeof dim !== 'string') return []
  if (identifier.exec(dim)?.[0] === dim) return [dim]
  const parsed = parse(dim)
  if (!parsed) return [dim]
  const names = [...parsed.keys()].flatMap(atoms).flatMap(name => name.match(/[^\s+\-*/(),\d][^\s+\-*/(),]*/g) ?? [])
  return [...new Set(names.filter(name => name !== 'floor'))]
}

/** The dimension with symbols replaced by other dimensions; null where the result cannot be expressed. */
export function substituteDim(dim: Dimension, bindings: Readonly<Record<string, Dimension>>): Dimension {
  if (typeof dim !== 'string') return dim
  if (Object.hasOwn(bindings, dim)) return bindings[dim]!
  const bound = symbolsOf(dim).filter(symbol => Object.hasOwn(bindings, symbol))
  if (bound.length === 0) return dim
  if (bound.some(symbol => bindings[symbol] === null)) return null
  const text = dim.replace(/[^\s+\-*/(),\d][^\s+\-*/(),]*/g, name => (bound.includes(name) ? `(${bindings[name]})` : name))
  return toDimension(parse(text))
}

/** The cofactor `rest` where the dimension is `rest * symbol` and `rest` is free of the symbol, else undefined. */
export function factorOut(dim: Dimension, symbol: string): Dimension | undefined {
  const rest = divideDims(dim, symbol)
  return rest === null || symbolsOf(rest).includes(symbol) ? undefined : rest
}
