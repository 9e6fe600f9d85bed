/** @file The operators of pickles up to protocol 4, as a table; those that reach outside of the file are not among them. */
import { className, knownClass, type PickleClass, Stateful } from './classes.js'
import { latin1, type PickleMachine } from './machine.js'

/** What one byte of a pickle does; `stop` ends it. */
type Operator = (machine: PickleMachine) => void

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const code = (letter: string): number => letter.charCodeAt(0)

/** Little-endian two's complement. @throws where it is no safe integer */
function longOf(machine: PickleMachine, bytes: Uint8Array): number {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i]!)
  const exact = Number(BigInt.asIntN(8 * bytes.length, value))
  return Number.isSafeInteger(exact) ? exact : machine.fail('an integer is too large')
}

function decimal(machine: PickleMachine, line: string): number {
  const value = Number(line.replace(/L$/, ''))
  return line.trim() !== '' && !Number.isNaN(value) ? value : machine.fail(`"${line}" is no number`)
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v', '\n': '' }

/** 'abc\x00\n' as Python writes it. */
function quoted(machine: PickleMachine, line: string): string {
  const found = /^(['"])(.*)\1$/s.exec(line.trim())
  if (!found) machine.fail('a string without its quotes')
  return found[2]!.replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/gs, (_, hex?: string, octal?: string, letter?: string) =>
    hex
      ? String.fromCharCode(Number.parseInt(hex, 16))
      : octal
        ? String.fromCharCode(Number.parseInt(octal, 8))
        : (escapes[letter!] ?? letter!),
  )
}

const unescaped = (line: string): string =>
  line.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (_, short?: string, long?: string) =>
    String.fromCodePoint(Number.parseInt(short ?? long!, 16)),
  )

function addPairs(machine: PickleMachine, map: Map<unknown, unknown>, pairs: readonly unknown[]): void {
  if (pairs.length % 2 === 1) machine.fail('a key without its value')
  for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1])
}

function find(machine: PickleMachine, module: string, name: string): void {
  const known = knownClass(module, name)
  if (!known) machine.fail(`${className(module, name)} is not read; only lists, dicts, numpy arrays and scipy csr matrices are`)
  machine.push(known)
}

const classFrom = (machine: PickleMachine, value: unknown): PickleClass =>
  typeof value === 'object' && value !== null && 'call' in value
    ? (value as PickleClass)
    : machine.fail('no known class is called')

function call(machine: PickleMachine): void {
  const given = machine.popList()
  const { call: made } = classFrom(machine, machine.pop())
  machine.push(made(given, what => machine.fail(what)))
}

function build(machine: PickleMachine): void {
  const state = machine.pop()
  const target = machine.top()
  if (!(target instanceof Stateful)) machine.fail('a value that has no state is given one')
  target.setState(state, what => machine.fail(what))
}

const tuple =
  (count: number): Operator =>
  machine => {
    const values = Array.from({ length: count }, () => machine.pop())
    machine.push(values.reverse())
  }

const stringOperator =
  (size: (machine: PickleMachine) => number, decode: (bytes: Uint8Array) => string): Operator =>
  machine =>
    machine.push(decode(machine.take(size(machine))))

const [oneByte, fourBytes, eightBytes] = [
  (machine: PickleMachine) => machine.byte(),
  (machine: PickleMachine) => machine.number('Uint32', 4),
  (machine: PickleMachine) => machine.count(),
] as const

const list: [byte: string | number, operator: Operator][] = [
  [0x80, machine => void machine.byte()],
  [0x95, machine => void machine.count()],
  ['(', machine => machine.mark()],
  ['0', machine => void machine.pop()],
  ['1', machine => void machine.popMarked()],
  ['2', machine => machine.push(machine.top())],
  ['N', machine => machine.push(null)],
  [0x88, machine => machine.push(true)],
  [0x89, machine => machine.push(false)],
  [
    'I',
    machine => {
      const line = machine.line()
      machine.push(line === '01' ? true : line === '00' ? false : decimal(machine, line))
    },
  ],
  ['L', machine => machine.push(decimal(machine, machine.line()))],
  ['F', machine => machine.push(decimal(machine, machine.line()))],
  ['J', machine => machine.push(machine.number('Int32', 4))],
  ['K', machine => machine.push(machine.byte())],
  ['M', machine => machine.push(machine.number('Uint16', 2))],
  ['G', machine => machine.push(machine.float())],
  [0x8a, machine => machine.push(longOf(machine, machine.take(machine.byte())))],
  [0x8b, machine => machine.push(longOf(machine, machine.take(machine.number('Int32', 4))))],
  ['S', machine => machine.push(quoted(machine, machine.line()))],
  ['T', stringOperator(fourBytes, latin1)],
  ['U', stringOperator(oneByte, latin1)],
  ['B', stringOperator(fourBytes, latin1)],
  ['C', stringOperator(oneByte, latin1)],
  [0x8e, stringOperator(eightBytes, latin1)],
  ['V', machine => machine.push(unescaped(machine.line()))],
  ['X', stringOperator(fourBytes, text)],
  [0x8c, stringOperator(oneByte, text)],
  [0x8d, stringOperator(eightBytes, text)],
  [']', machine => machine.push([])],
  [')', machine => machine.push([])],
  ['l', machine => machine.push(machine.popMarked())],
  ['t', machine => machine.push(machine.popMarked())],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [
    'a',
    machine => {
      const value = machine.pop()
      machine.topList().push(value)
    },
  ],
  [
    'e',
    machine => {
      const values = machine.popMarked()
      const target = machine.topList()
      for (const value of values) target.push(value)
    },
  ],
  ['}', machine => machine.push(new Map())],
  [
    'd',
    machine => {
      const map = new Map<unknown, unknown>()
      addPairs(machine, map, machine.popMarked())
      machine.push(map)
    },
  ],
  [
    's',
    machine => {
      const [value, key] = [machine.pop(), machine.pop()]
      machine.topMap().set(key, value)
    },
  ],
  [
    'u',
    machine => {
      const pairs = machine.popMarked()
      addPairs(machine, machine.topMap(), pairs)
    },
  ],
  ['p', machine => machine.remember(decimal(machine, machine.line()))],
  ['q', machine => machine.remember(machine.byte())],
  ['r', machine => machine.remember(machine.number('Uint32', 4))],
  [0x94, machine => machine.remember(machine.memo.size)],
  ['g', machine => machine.recall(decimal(machine, machine.line()))],
  ['h', machine => machine.recall(machine.byte())],
  ['j', machine => machine.recall(machine.number('Uint32', 4))],
  [
    'c',
    machine => {
      const module = machine.line()
      find(machine, module, machine.line())
    },
  ],
  [
    0x93,
    machine => {
      const [name, module] = [machine.pop(), machine.pop()]
      find(machine, String(module), String(name))
    },
  ],
  ['R', call],
  [0x81, call],
  ['b', build],
]

/** By their byte. `.` ends a pickle; what is not here is refused. */
export const operators: ReadonlyMap<number, Operator> = new Map(
  list.map(([byte, operator]) => [typeof byte === 'string' ? code(byte) : byte, operator]),
)

export const stop = code('.')
