/** @file What methods ask of a place where graphs run. Node and browser each have one implementation. */
import type { TensorValues } from '../tensor-value.js'

export type Device = 'cpu' | 'webgpu' | 'cuda'

export interface SessionOptions {
  /** Folder that external data in the model is relative to (Node). */
  readonly folder?: string
  /** Bytes of external data files by location (browser). */
  readonly externalData?: Readonly<Record<string, Uint8Array>>
  /**
   * Threads inside one operator, where this session needs another number than its runtime: a graph with a ScatterND that adds
   * must run with 1 (ONNX Runtime's kernel loses updates otherwise).
   */
  readonly threads?: number
  /** Write the engine's profile to a file with this prefix when the session is disposed (Node). */
  readonly profile?: string
}

export interface RunOptions {
  /** Ends the run early; one that has not started is taken from the queue. */
  readonly signal?: AbortSignal
  /**
   * Outputs that stay with the session, each under the name of the input that the next run reads it by: state that is carried from run
   * to run without being passed back and forth. An output that is also fetched is returned too. A feed wins over what is kept.
   * A session that keeps something stays in one process. After a crash what was kept is gone; the run then fails for want of an input.
   */
  readonly keep?: Readonly<Record<string, string>>
}

/** One loaded graph. Runs on one session are queued. */
export interface Session {
  /**
   * Runs the graph. The feeds' arrays must not be changed until the run is over.
   * @param feeds one value per graph input
   * @param fetches output names; all of them by default
   * @throws RuntimeError, RuntimeCrashed, AbortedError
   */
  run(feeds: TensorValues, fetches?: readonly string[], options?: RunOptions): Promise<TensorValues>
  /** Lets runs already queued finish, then frees the graph. */
  dispose(): Promise<void>
}

export interface Runtime {
  readonly device: Device
  /** How many runs it can do at the same time; default 1. */
  readonly processes?: number
  /** Name and version of the engine, for records. */
  readonly version: string
  /**
   * Loads a model. The bytes are kept (not copied) and must not be changed while the session lives.
   * @throws RuntimeError when the engine refuses it
   */
  open(model: Uint8Array, options?: SessionOptions): Promise<Session>
  /** Ends everything; nothing may be run afterwards. */
  dispose(): Promise<void>
}
