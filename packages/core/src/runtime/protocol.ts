/** @file Messages between the Node runtime and the processes that hold its sessions. One request is answered before the next is sent. */
import type { TensorValue, ValueDataType } from '../tensor-value.js'
import type { Device } from './runtime.js'

/** How the engine is to load one graph. */
export interface EngineOptions {
  readonly device: Device
  readonly threads: number
  /** Threads wait for the next operator in a busy loop: faster alone, wasteful beside other processes. */
  readonly spinning: boolean
  readonly folder?: string
  readonly profile?: string
}

/** A value in a message, or where it lies in the file both sides hold open. */
type PackedValue =
  | TensorValue
  | { readonly dtype: ValueDataType; readonly dims: readonly number[]; readonly position: number; readonly length: number }

export type PackedValues = Readonly<Record<string, PackedValue>>

export type Request =
  | {
      readonly kind: 'open'
      readonly session: number
      /** Bytes, or the path of a temporary file with them. */
      readonly model: Uint8Array | string
      readonly options: EngineOptions
    }
  | {
      readonly kind: 'run'
      readonly session: number
      readonly feeds: PackedValues
      readonly fetches?: readonly string[]
      /** Output -> input of the next run. */
      readonly keep?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'close'; readonly session: number }

export type Reply =
  | { readonly ok: true; readonly outputs?: PackedValues }
  /** `message` is the engine's own; `advice` is set where ours says it better; `remark` goes after either. */
  | { readonly ok: false; readonly message: string; readonly advice?: string; readonly remark?: string }
