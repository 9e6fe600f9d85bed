/** @file The Sobol sequence, with direction numbers that are made here. */
import { Random } from '../../random.js'

const bits = 32

/** Seed of the free direction numbers: they are the same for everybody. */
const directionSeed = 1967

/** Digits by which columns are told apart: the first 2^5 points of two columns differ in more than a shift, for up to 1024 columns. */
const distinctDigits = 5

/** a * b in GF(2)[x] modulo the polynomial `modulus` of this degree. */
function multiply(a: number, b: number, modulus: number, degree: number): number {
  let product = 0
  for (let i = degree - 1; i >= 0; i--) {
    product <<= 1
    if (product & (1 << degree)) product ^= modulus
    if ((b >> i) & 1) product ^= a
  }
  return product
}

/** x^exponent modulo the polynomial. */
function powerOfX(exponent: number, modulus: number, degree: number): number {
  const x = degree === 1 ? 2 ^ modulus : 2
  let [result, square] = [1, x]
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square, modulus, degree)
    square = multiply(square, square, modulus, degree)
  }
  return result
}

function primeFactors(value: number): number[] {
  const factors: number[] = []
  for (let factor = 2; factor <= value; factor++)
    if (value % factor === 0) {
      factors.push(factor)
      while (value % factor === 0) value /= factor
    }
  return factors
}

/** Primitive polynomials over GF(2) by degree, then by value: x has order 2^degree - 1 modulo each. */
function* primitivePolynomials(): Generator<{ readonly polynomial: number; readonly degree: number }> {
  for (let degree = 1; ; degree++) {
    const order = 2 ** degree - 1
    const factors = primeFactors(order)
    for (let polynomial = 2 ** degree + 1; polynomial < 2 ** (degree + 1); polynomial += 2) {
      const isOne = (exponent: number): boolean => powerOfX(exponent, polynomial, degree) === 1
      if (isOne(order) && factors.every(factor => factor === order || !isOne(order / factor))) yield { polynomial, degree }
    }
  }
}

/** m_1 to m_32 from the first `degree` of them: m_k = 2 a_1 m_{k-1} ^ ... ^ 2^s m_{k-s} ^ m_{k-s}, as v_k = m_k 2^(32 - k). */
function extended(initial: readonly number[], polynomial: number, degree: number): Uint32Array {
  const v = new Uint32Array(bits)
  for (let k = 0; k < bits; k++) {
    if (k < degree) {
      v[k] = initial[k]! * 2 ** (bits - 1 - k)
      continue
    }
    let value = v[k - degree]! ^ (v[k - degree]! >>> degree)
    for (let i = 1; i < degree; i++) if ((polynomial >> (degree - i)) & 1) value ^= v[k - i]!
    v[k] = value
  }
  return v
}

const known: Uint32Array[] = []
const taken = new Set<string>()
const polynomials = primitivePolynomials()

/** Direction numbers of a column. Column 0 is the van der Corput sequence. */
function directions(column: number): Uint32Array {
  while (known.length <= column) {
    const random = new Random(directionSeed, known.length)
    const first = known.length === 0
    const { polynomial, degree } = first ? { polynomial: 0, degree: bits } : polynomials.next().value!
    let numbers: Uint32Array
    let key: string
    let tries = 0
    do {
      const initial = Array.from({ length: degree }, (_, k) => (first || degree === 1 ? 1 : 2 * random.integer(2 ** k) + 1))
      numbers = extended(initial, polynomial, degree)
      key = numbers.subarray(0, distinctDigits).join()
    } while (taken.has(key) && ++tries < 100)
    taken.add(key)
    known.push(numbers)
  }
  return known[column]!
}

/**
 * The first `count` points of a Sobol sequence, each column shifted digit by digit by random bits of its own: every 2^k points fall one
 * into each of 2^k equal parts of a column. Column c > 0 belongs to the c-th primitive polynomial; the free direction numbers are fixed
 * random odd numbers. Sobol 1967; Bratley, Fox: Algorithm 659, 1988; shift: Lemieux 2009, section 6.2.
 */
export function sobolPoints(count: number, columns: number, seed: number): Float64Array {
  const points = new Float64Array(count * columns)
  for (let c = 0; c < columns; c++) {
    const random = new Random(seed, c)
    const shift = random.integer(2 ** bits)
    const numbers = directions(c)
    for (let k = 0; k < count; k++) {
      let value = shift
      for (let bit = 0, rest = k; rest > 0; bit++, rest = Math.floor(rest / 2)) if (rest % 2 === 1) value ^= numbers[bit]!
      points[k * columns + c] = (value >>> 0) / 2 ** bits
    }
  }
  return points
}
