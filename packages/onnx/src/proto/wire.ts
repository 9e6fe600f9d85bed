/** @file The few protobuf habits the decoder needs, over the wire reader of @bufbuild/protobuf. */
import { type BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { MalformedModelError } from '../errors.js'

type Field = (reader: BinaryReader, end: number, wire: WireType) => unknown

/**
 * Reads one message up to `end`, handing each known field to its reader; unknown fields are skipped.
 * For a length-delimited field of message type, `end` is where it stops; scalar readers take the value themselves.
 */
export function message(reader: BinaryReader, end: number, fields: Readonly<Record<number, Field>>): void {
  while (reader.pos < end) {
    const [number, wire] = reader.tag()
    const field = fields[number]
    if (!field) {
      reader.skip(wire, number)
      continue
    }
    if (wire !== WireType.LengthDelimited) {
      if (field.length === 2) throw new MalformedModelError(`field ${number} at byte ${reader.pos} has the wrong wire type`)
      field(reader, reader.pos, wire)
      continue
    }
    const start = reader.pos
    const length = reader.uint32()
    const stop = reader.pos + length
    if (stop > end) throw new MalformedModelError('truncated: a part of the model is longer than what contains it')
    // Strings and bytes read their own length; everything else is told where it ends.
    const body = reader.pos
    if (field.length < 2) reader.pos = start
    field(reader, stop, wire)
    if (reader.pos !== stop) throw new MalformedModelError(`field ${number} at byte ${body} is damaged`)
  }
  if (reader.pos !== end) throw new MalformedModelError('truncated: a part of the model ends in the middle of a field')
}

/** An int64 as a number; beyond 2^53 it is clamped, as ONNX only uses such values for "to the end". */
export function integer(reader: BinaryReader): number {
  const value = BigInt(reader.int64())
  const limit = BigInt(Number.MAX_SAFE_INTEGER)
  return Number(value > limit ? limit : value < -limit ? -limit : value)
}

/** Appends a repeated int64 field, packed or not. */
export function integers(reader: BinaryReader, end: number, wire: WireType, into: number[]): void {
  if (wire !== WireType.LengthDelimited) into.push(integer(reader))
  else while (reader.pos < end) into.push(integer(reader))
}

/** Appends a repeated float field, packed or not. */
export function floats(reader: BinaryReader, end: number, wire: WireType, into: number[]): void {
  if (wire !== WireType.LengthDelimited) into.push(reader.float())
  else while (reader.pos < end) into.push(reader.float())
}
