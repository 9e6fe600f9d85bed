import type { PackedValues } from '../src/runtime/protocol.js'
import type { TensorValues } from '../src/tensor-value.js'

export function openExchange(): number | undefined
export function closeExchange(file: number | undefined): void
export function pack(values: TensorValues, file: number | undefined): PackedValues
export function unpack(packed: PackedValues, file: number | undefined): TensorValues
