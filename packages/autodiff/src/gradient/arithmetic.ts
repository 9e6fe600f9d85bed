/** @file Gradients of elementwise arithmetic. Every rule gives the gradient in the output's shape; `broadcasting` sums it down. */
import { binary, broadcasting, type RuleTable, unary } from '../rule.js'

export const arithmetic: RuleTable = {
  Add: binary(
    g => g,
    g => g,
  ),
  Sub: binary(
    g => g,
    (g, c) => c.emit('Neg', [g]),
  ),
  Mul: binary(
    (g, c) => c.emit('Mul', [g, c.input(1)]),
    (g, c) => c.emit('Mul', [g, c.input(0)]),
  ),
  // d/db (a / b) = -y / b
  Div: binary(
    (g, c) => c.emit('Div', [g, c.input(1)]),
    (g, c) => c.emit('Neg', [c.emit('Div', [c.emit('Mul', [g, c.output(0)]), c.input(1)])]),
  ),
  Neg: unary((g, _x, _y, c) => c.emit('Neg', [g])),
  Sum: broadcasting(() => g => g),
  Identity: unary(g => g),
}
