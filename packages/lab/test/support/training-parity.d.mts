import type { TrainingStep } from '@ascribe/lab'

export interface ParityNetwork {
  readonly architecture: string
  readonly options: Readonly<Record<string, number>>
  readonly optimizer: string
  readonly rate: number
  readonly decay: number
  readonly rows: number
  readonly batches: number
  readonly side: number
  readonly smoothing: number
}

export const parityNetworks: readonly ParityNetwork[]
export function parityStep(network: ParityNetwork): TrainingStep
export function parityBatches(network: ParityNetwork): { readonly labels: number[]; readonly bytes: Uint8Array }
