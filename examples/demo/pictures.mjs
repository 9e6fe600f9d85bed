/** @file The pictures of the demo: coloured shapes on a cloudy grey ground, drawn from a seed. */
import { encodePng, Random } from 'ascribe'

export const side = 128

/** The four classes. */
export const shapes = [
  { name: 'red disc', shape: 'disc', colour: 'red' },
  { name: 'green square', shape: 'square', colour: 'green' },
  { name: 'blue triangle', shape: 'triangle', colour: 'blue' },
  { name: 'yellow ring', shape: 'ring', colour: 'yellow' },
]

/** Whether a point lies in a shape of radius 1 around the origin (y down). */
export const inside = {
  disc: (x, y) => x * x + y * y <= 1,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.86,
  triangle: (x, y) => y <= 0.8 && y >= 1.9 * Math.abs(x) - 1,
  ring: (x, y) => x * x + y * y <= 1 && x * x + y * y >= 0.3,
  bar: (x, y) => Math.abs(y) <= 0.22 && Math.abs(x) <= 1.2,
}

const paints = { red: [214, 48, 40], green: [30, 176, 70], blue: [42, 78, 200], yellow: [238, 206, 44] }

/** What lies where; radius 13 is the size the network knows. A bar, or a shape in another's colour, is a decoy. */
const scenes = {
  'disc-and-triangle': [
    { shape: 'disc', colour: 'red', x: 40, y: 46, radius: 13 },
    { shape: 'triangle', colour: 'blue', x: 92, y: 84, radius: 12 },
    { shape: 'bar', colour: 'red', x: 92, y: 28, radius: 15 },
  ],
  'square-and-ring': [
    { shape: 'ring', colour: 'yellow', x: 88, y: 44, radius: 13 },
    { shape: 'square', colour: 'green', x: 38, y: 82, radius: 12.5 },
    { shape: 'bar', colour: 'blue', x: 96, y: 102, radius: 15 },
  ],
}

/** Smooth noise: random heights on a coarse grid, interpolated. */
function clouds(random, cells) {
  const grid = Array.from({ length: (cells + 1) ** 2 }, () => random.uniform() - 0.5)
  const at = (row, column) => grid[row * (cells + 1) + column]
  return (x, y) => {
    const [u, v] = [(x / side) * cells, (y / side) * cells]
    const [column, row] = [Math.min(cells - 1, Math.floor(u)), Math.min(cells - 1, Math.floor(v))]
    const [fx, fy] = [u - column, v - row]
    const upper = at(row, column) * (1 - fx) + at(row, column + 1) * fx
    return upper * (1 - fy) + (at(row + 1, column) * (1 - fx) + at(row + 1, column + 1) * fx) * fy
  }
}

/** Share of a pixel that a shape covers, from 3 x 3 points in it. */
function cover({ shape, x, y, radius }, column, row) {
  let hits = 0
  for (let i = 0; i < 9; i++) {
    const [px, py] = [column + ((i % 3) + 0.5) / 3, row + (Math.floor(i / 3) + 0.5) / 3]
    if (inside[shape]((px - x) / radius, (py - y) / radius)) hits++
  }
  return hits / 9
}

function draw(objects, seed) {
  const random = new Random(seed)
  const [coarse, fine] = [clouds(random, 5), clouds(random, 18)]
  const data = new Uint8Array(side * side * 3)
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++) {
      const ground = 150 + 70 * coarse(column, row) + 30 * fine(column, row)
      const pixel = [ground, ground, ground].map((level, i) => level + [4, 0, -6][i])
      for (const object of objects) {
        const share = cover(object, column, row)
        const light = 1 + 0.12 * fine(row, column)
        paints[object.colour].forEach((level, i) => {
          pixel[i] = pixel[i] * (1 - share) + level * light * share
        })
      }
      const grain = 6 * random.normal()
      pixel.forEach((level, i) => {
        data[(row * side + column) * 3 + i] = Math.max(0, Math.min(255, Math.round(level + grain)))
      })
    }
  return { width: side, height: side, channels: 3, data }
}

/** PNG bytes by name. */
export const pictures = () => Object.entries(scenes).map(([name, objects], seed) => [name, encodePng(draw(objects, seed))])
