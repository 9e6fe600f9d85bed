/** @file What methods ask of a place where graphs run. Node and browser each have one implementation. */
import type { TensorValues } from '../tensor-value.js'

export type Device = 'cpu' | 'webgpu' | 'cuda'

export interface SessionOptions {
  /** Folder that external data in the model is relative to (Node). */
  readonly folder?: string
  /** Bytes of external data files by location (browser). */
  readonly externalData?: Readonly<Record<string, Uint8Array>>
}

export interface RunOptions {
  readonly signal?: AbortSignal
}

/** One loaded graph. Runs on one session are queued. */
export interface Session {
  /**
   * Runs the graph.
   * @param feeds one value per graph input
   * @param fetches output names; all of them by default
   * @throws RuntimeError, RuntimeCrashed, AbortedError
   */
  run(feeds: TensorValues, fetches?: readonly string[], options?: RunOptions): Promise<TensorValues>
  dispose(): Promise<void>
}

export interface Runtime {
  readonly device: Device
  /** Name and version of the engine, for records. */
  readonly version: string
  /**
   * Loads a model.
   * @throws RuntimeError when the engine refuses it
   */
  open(model: Uint8Array, options?: SessionOptions): Promise<Session>
  /** Ends everything; nothing may be run afterwards. */
  dispose(): Promise<void>
}
