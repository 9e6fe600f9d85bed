/** @file COCO's run-length masks: runs of 0 and 1 in turn, starting with 0, down the columns, columns from left to right. */
import { InputError } from '@ascribe/core'

/**
 * The runs of a compressed mask. Each run is written in groups of five bits, lowest first, one character each (code 48 + group, + 32
 * where more follow); the fifth bit of the last group is the sign, and from the fourth run on the value is the difference to the run
 * two before.
 *
 * @throws InputError where the text ends within a run or has other characters
 */
export function decompressRuns(text: string): number[] {
  const runs: number[] = []
  let at = 0
  while (at < text.length) {
    let value = 0
    for (let shift = 0; ; shift += 5) {
      const group = text.charCodeAt(at++) - 48
      if (!(group >= 0 && group < 64) || shift > 30) throw new InputError('the compressed mask is damaged')
      value |= (group & 0x1f) << shift
      if (group & 0x20) continue
      if (group & 0x10) value |= shift + 5 < 32 ? -1 << (shift + 5) : 0
      break
    }
    runs.push(runs.length > 2 ? value + runs.at(-2)! : value)
  }
  return runs
}

/**
 * [height, width] of 0 and 1, row by row.
 *
 * @throws InputError where the runs do not fill the picture exactly
 */
export function runsToMask(runs: readonly number[], height: number, width: number): Uint8Array {
  const mask = new Uint8Array(height * width)
  let at = 0
  for (const [i, run] of runs.entries()) {
    if (!Number.isSafeInteger(run) || run < 0 || at + run > mask.length)
      throw new InputError(`run ${i + 1} (${run}) of the mask does not fit ${height} x ${width} pixels`)
    if (i % 2 === 1) for (let k = at; k < at + run; k++) mask[(k % height) * width + Math.floor(k / height)] = 1
    at += run
  }
  if (at !== mask.length) throw new InputError(`the mask has ${at} pixels, the picture ${mask.length}`)
  return mask
}
