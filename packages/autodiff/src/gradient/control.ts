/** @file Control flow and non-tensor values, through which no derivative is taken. */
import { none, type RuleTable, zero } from '../rule.js'

const undecided = none(
  'which branch runs is decided at run time; a condition that can be folded is removed when the model is read',
)
const loop = none('its number of steps is not known before it runs; a loop of known length is unrolled when the model is read')
const sequence = none('it holds a sequence of tensors, whose lengths are not known before it runs')

export const control: RuleTable = {
  If: undecided,
  Loop: loop,
  Scan: loop,
  SequenceAt: sequence,
  SequenceConstruct: sequence,
  SequenceEmpty: zero('it has no input'),
  SequenceErase: sequence,
  SequenceInsert: sequence,
  SequenceLength: zero('a length does not depend on the values'),
  SequenceMap: sequence,
  SplitToSequence: sequence,
  ConcatFromSequence: sequence,
  Optional: none('it holds an optional value'),
  OptionalGetElement: none('it holds an optional value'),
  OptionalHasElement: zero('whether a value is there does not depend on it'),
}
