/** @file Pickled Python objects as data: lists, dicts, strings, numbers, numpy arrays and scipy csr matrices, and nothing else. */
import { PickleMachine } from './machine.js'
import { operators, stop } from './operators.js'

export { NumberArray, SparseRows } from './classes.js'

/**
 * The value of a pickle of protocols 0 to 4. Lists and tuples are arrays, dicts are maps, byte strings have one character per byte. A pickle
 * is a program: here its operators move data alone, classes outside of a fixed list are refused by name, and no code of the file is run.
 * @param name for messages @throws InputError naming the place
 */
export function readPickle(bytes: Uint8Array, name: string): unknown {
  const machine = new PickleMachine(name, bytes)
  for (;;) {
    const byte = machine.byte()
    if (byte === stop) return machine.pop()
    const operator =
      operators.get(byte) ?? machine.fail(`0x${byte.toString(16).padStart(2, '0')} is no operator of a pickle that is read here`)
    operator(machine)
  }
}
