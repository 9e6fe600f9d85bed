/** @file Every version step, by operator, in the order they apply. */
import { normalOpset } from '../../graph.js'
import type { VersionStep } from '../step.js'
import { inputSteps } from './inputs.js'
import { modeSteps } from './modes.js'
import { newerSteps } from './newer.js'
import { normalisationSteps } from './normalisation.js'
import { resizeSteps } from './resize.js'
import { scanSteps } from './scan.js'
import { softmaxSteps } from './softmax.js'

const versionSteps: readonly VersionStep[] = [
  ...inputSteps,
  ...modeSteps,
  ...normalisationSteps,
  ...resizeSteps,
  ...scanSteps,
  ...softmaxSteps,
  ...newerSteps,
]

const upward = new Map<string, VersionStep[]>()
const downward = new Map<string, VersionStep>()
for (const step of versionSteps) {
  if (step.from > step.to) downward.set(step.operator, step)
  else
    upward.set(
      step.operator,
      [...(upward.get(step.operator) ?? []), step].sort((a, b) => a.to - b.to),
    )
}

/** The next step for an operator at an opset, or undefined where its meaning is already the normal form's. */
export function nextStep(operator: string, opset: number): VersionStep | undefined {
  if (opset > normalOpset) return downward.get(operator)
  return upward.get(operator)?.find(step => step.to > opset)
}
