/** @file Delaunay triangulation of grid points, exact: coordinates are whole numbers, so that every test is. */
import { Random } from '../../random.js'
import { randomSubset } from '../faithfulness/subsets.js'

/** Side of the squares that remember a triangle to start walking from. */
const square = 8

/** Triangles as triples of places (row-major indices), turning the same way. */
interface Triangulation {
  readonly count: number
  readonly corners: Int32Array
}

/**
 * Triangulates places of a height x width grid (each at least 2), the four corners from the start; more may be added later.
 * Grid points often lie on one circle, where the triangulation is not unique. The tie rule: the triangles of such points all meet in the
 * first of them in a random order of the places that the grid's size decides, as if that one lay inside the circle. With it the
 * triangulation depends on the set of places alone, not on how they came, and no direction is preferred.
 */
export class GridTriangulation {
  readonly #x: Int32Array
  readonly #y: Int32Array
  readonly #corners: Int32Array
  /** Triangle beyond the side that starts at each corner; -1 outside. */
  readonly #beyond: Int32Array
  readonly #dead: Uint8Array
  readonly #known: Uint8Array
  /** Places in random order, and where in it each is. */
  readonly #order: Uint32Array
  readonly #ranks: Int32Array
  readonly #free: number[] = []
  #used = 0
  #last = 0
  readonly #near: Int32Array
  readonly #squares: number
  /** New triangles by the place where their outer side starts, and ends; of the places around one insertion only. */
  readonly #starting: Int32Array
  readonly #ending: Int32Array

  constructor(
    readonly height: number,
    readonly width: number,
  ) {
    const places = height * width
    const capacity = 3 * (2 * places + 8)
    this.#x = Int32Array.from({ length: places }, (_, place) => place % width)
    this.#y = Int32Array.from({ length: places }, (_, place) => Math.floor(place / width))
    this.#corners = new Int32Array(capacity)
    this.#beyond = new Int32Array(capacity)
    this.#dead = new Uint8Array(capacity / 3)
    this.#known = new Uint8Array(places)
    this.#ranks = new Int32Array(places)
    this.#order = randomSubset(places, places, new Random(height, width))
    this.#order.forEach((place, rank) => {
      this.#ranks[place] = rank
    })
    this.#squares = Math.ceil(width / square)
    this.#near = new Int32Array(this.#squares * Math.ceil(height / square))
    this.#starting = new Int32Array(places)
    this.#ending = new Int32Array(places)
    const [first, second, third, fourth] = [0, width - 1, places - 1, width * (height - 1)]
    const upper = this.#add(first, second, third)
    const lower = this.#add(first, third, fourth)
    this.#beyond[3 * upper + 2] = lower
    this.#beyond[3 * lower] = upper
    for (const corner of [first, second, third, fourth]) this.#known[corner] = 1
  }

  /** Adds the places marked that are not yet there. */
  add(marked: ArrayLike<number>): void {
    for (const place of this.#order) if (marked[place] && !this.#known[place]) this.#insert(place)
  }

  triangles(): Triangulation {
    const corners = new Int32Array(3 * this.#used)
    let count = 0
    for (let t = 0; t < this.#used; t++) {
      if (this.#dead[t]) continue
      for (let side = 0; side < 3; side++) corners[3 * count + side] = this.#corners[3 * t + side]!
      count++
    }
    return { count, corners: corners.subarray(0, 3 * count) }
  }

  #add(a: number, b: number, c: number): number {
    const at = this.#free.pop() ?? this.#used++
    this.#corners[3 * at] = a
    this.#corners[3 * at + 1] = b
    this.#corners[3 * at + 2] = c
    this.#beyond[3 * at] = this.#beyond[3 * at + 1] = this.#beyond[3 * at + 2] = -1
    this.#dead[at] = 0
    return at
  }

  #turn(a: number, b: number, c: number): number {
    const [x, y] = [this.#x, this.#y]
    return (x[b]! - x[a]!) * (y[c]! - y[a]!) - (y[b]! - y[a]!) * (x[c]! - x[a]!)
  }

  /** Whether a triangle's circumcircle holds a place, by the tie rule where that lies on it. */
  #holds(t: number, p: number): boolean {
    const [a, b, c] = [this.#corners[3 * t]!, this.#corners[3 * t + 1]!, this.#corners[3 * t + 2]!]
    const [x, y] = [this.#x, this.#y]
    const [px, py] = [x[p]!, y[p]!]
    const [ax, ay] = [x[a]! - px, y[a]! - py]
    const [bx, by] = [x[b]! - px, y[b]! - py]
    const [cx, cy] = [x[c]! - px, y[c]! - py]
    const [aa, bb, cc] = [ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy]
    const inside = ax * (by * cc - bb * cy) - ay * (bx * cc - bb * cx) + aa * (bx * cy - by * cx)
    if (inside !== 0) return inside > 0
    const rank = this.#ranks
    const first = Math.min(rank[a]!, rank[b]!, rank[c]!, rank[p]!)
    if (first === rank[p]) return true
    // Lowering the first corner lifts the plane over the circle at places across from that corner.
    if (first === rank[a]) return this.#turn(b, c, p) < 0
    return first === rank[b] ? this.#turn(c, a, p) < 0 : this.#turn(a, b, p) < 0
  }

  #squareOf(place: number): number {
    return Math.floor(this.#y[place]! / square) * this.#squares + Math.floor(this.#x[place]! / square)
  }

  /** Walks to the triangle that holds a place. */
  #locate(p: number): number {
    const near = this.#near[this.#squareOf(p)]!
    let t = this.#dead[near] ? this.#last : near
    walking: for (;;) {
      for (let side = 0; side < 3; side++) {
        if (this.#turn(this.#corners[3 * t + side]!, this.#corners[3 * t + ((side + 1) % 3)]!, p) < 0) {
          t = this.#beyond[3 * t + side]!
          continue walking
        }
      }
      return t
    }
  }

  /** Replaces the triangles whose circumcircles hold a place by triangles to it. */
  #insert(p: number): void {
    const [corners, beyond, dead, starting, ending] = [this.#corners, this.#beyond, this.#dead, this.#starting, this.#ending]
    this.#known[p] = 1
    const cavity = [this.#locate(p)]
    dead[cavity[0]!] = 1
    const rim: number[] = []
    for (let k = 0; k < cavity.length; k++) {
      const t = cavity[k]!
      for (let side = 0; side < 3; side++) {
        const out = beyond[3 * t + side]!
        if (out >= 0 && dead[out]) continue
        if (out >= 0 && this.#holds(out, p)) {
          dead[out] = 1
          cavity.push(out)
        } else rim.push(corners[3 * t + side]!, corners[3 * t + ((side + 1) % 3)]!, out)
      }
    }
    for (const t of cavity) this.#free.push(t)
    for (let k = 0; k < rim.length; k += 3) starting[rim[k]!] = ending[rim[k]!] = starting[rim[k + 1]!] = ending[rim[k + 1]!] = -1
    for (let k = 0; k < rim.length; k += 3) {
      const [from, to, out] = [rim[k]!, rim[k + 1]!, rim[k + 2]!]
      // On the edge of the picture: the side holds the place.
      if (this.#turn(from, to, p) === 0) continue
      const t = this.#add(from, to, p)
      beyond[3 * t] = out
      if (out >= 0)
        for (let side = 0; side < 3; side++)
          if (corners[3 * out + side] === to && corners[3 * out + ((side + 1) % 3)] === from) beyond[3 * out + side] = t
      starting[from] = t
      ending[to] = t
      this.#last = t
    }
    for (let k = 0; k < rim.length; k += 3) {
      const [t, before] = [starting[rim[k]!]!, ending[rim[k]!]!]
      if (t < 0 || before < 0) continue
      beyond[3 * t + 2] = before
      beyond[3 * before + 1] = t
    }
    this.#near[this.#squareOf(p)] = this.#last
  }
}
