/** @file Delaunay triangulation of grid points, exact: coordinates are whole numbers, so that every test is. */
import { Random } from '../../random.js'

/** Triangles as triples of places (row-major indices), turning the same way. */
interface Triangulation {
  readonly count: number
  readonly corners: Int32Array
}

/**
 * Triangulates the known places of a height x width grid, among them all four corners. Points enter in an order that depends on the grid
 * only; a new one replaces the triangles whose circumcircle strictly contains it. Grid points often lie on one circle, where the
 * triangulation is not unique: that order decides.
 */
export function triangulate(known: ArrayLike<number>, height: number, width: number): Triangulation {
  const places: number[] = []
  for (let i = 0; i < height * width; i++) if (known[i]) places.push(i)
  const x = (place: number): number => place % width
  const y = (place: number): number => Math.floor(place / width)
  const turn = (a: number, b: number, c: number): number => (x(b) - x(a)) * (y(c) - y(a)) - (y(b) - y(a)) * (x(c) - x(a))
  const corners: number[] = []
  /** Triangle beyond the side that starts at each corner; -1 outside. */
  const beyond: number[] = []
  const dead: number[] = []
  const free: number[] = []
  const add = (a: number, b: number, c: number): number => {
    const at = free.pop() ?? corners.length / 3
    corners[3 * at] = a
    corners[3 * at + 1] = b
    corners[3 * at + 2] = c
    beyond[3 * at] = beyond[3 * at + 1] = beyond[3 * at + 2] = -1
    dead[at] = 0
    return at
  }
  const inCircle = (t: number, p: number): boolean => {
    const [px, py] = [x(p), y(p)]
    const row = (corner: number): [number, number, number] => {
      const [dx, dy] = [x(corner) - px, y(corner) - py]
      return [dx, dy, dx * dx + dy * dy]
    }
    const [ax, ay, aa] = row(corners[3 * t]!)
    const [bx, by, bb] = row(corners[3 * t + 1]!)
    const [cx, cy, cc] = row(corners[3 * t + 2]!)
    return ax * (by * cc - bb * cy) - ay * (bx * cc - bb * cx) + aa * (bx * cy - by * cx) > 0
  }

  const [first, second, third, fourth] = [0, width - 1, width * height - 1, width * (height - 1)]
  const upper = add(first, second, third)
  const lower = add(first, third, fourth)
  beyond[3 * upper + 2] = lower
  beyond[3 * lower] = upper
  const given = new Set([first, second, third, fourth])
  const rest = places.filter(place => !given.has(place))
  const random = new Random(height, width)
  for (let i = rest.length - 1; i > 0; i--) {
    const other = random.integer(i + 1)
    const held = rest[i]!
    rest[i] = rest[other]!
    rest[other] = held
  }

  /** Walks to the triangle that holds a place. */
  const locate = (start: number, p: number): number => {
    let t = start
    walking: for (;;) {
      for (let side = 0; side < 3; side++) {
        if (turn(corners[3 * t + side]!, corners[3 * t + ((side + 1) % 3)]!, p) < 0) {
          t = beyond[3 * t + side]!
          continue walking
        }
      }
      return t
    }
  }

  let last = upper
  for (const p of rest) {
    const cavity = [locate(last, p)]
    dead[cavity[0]!] = 1
    const rim: { from: number; to: number; out: number }[] = []
    for (let k = 0; k < cavity.length; k++) {
      const t = cavity[k]!
      for (let side = 0; side < 3; side++) {
        const out = beyond[3 * t + side]!
        if (out >= 0 && dead[out]) continue
        if (out >= 0 && inCircle(out, p)) {
          dead[out] = 1
          cavity.push(out)
        } else rim.push({ from: corners[3 * t + side]!, to: corners[3 * t + ((side + 1) % 3)]!, out })
      }
    }
    // A side that entered the rim before its neighbour joined the cavity is none.
    const sides = rim.filter(({ out }) => out < 0 || !dead[out])
    free.push(...cavity)
    const starting = new Map<number, number>()
    const ending = new Map<number, number>()
    for (const { from, to, out } of sides) {
      // On the edge of the picture: the side holds the point.
      if (turn(from, to, p) === 0) continue
      const t = add(from, to, p)
      beyond[3 * t] = out
      if (out >= 0)
        for (let side = 0; side < 3; side++)
          if (corners[3 * out + side] === to && corners[3 * out + ((side + 1) % 3)] === from) beyond[3 * out + side] = t
      starting.set(from, t)
      ending.set(to, t)
      last = t
    }
    for (const [vertex, t] of starting) {
      const before = ending.get(vertex)
      if (before === undefined) continue
      beyond[3 * t + 2] = before
      beyond[3 * before + 1] = t
    }
    for (const t of free) dead[t] = 1
  }
  const alive = Array.from({ length: corners.length / 3 }, (_, t) => t).filter(t => !dead[t])
  return {
    count: alive.length,
    corners: Int32Array.from(alive.flatMap(t => [corners[3 * t]!, corners[3 * t + 1]!, corners[3 * t + 2]!])),
  }
}
