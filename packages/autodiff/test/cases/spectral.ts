/** @file Gradient cases of Fourier transforms: real and complex, padded and cropped, one-sided. */
import type { Given, GradientCase } from '../support/check.js'

const scalar = (value: number): Given => ({ dims: [], data: [value], dtype: 'int64', constant: true })

const dft = (x: Given, attributes: GradientCase['attributes'] = {}, length: Given = '', axis?: number): GradientCase => ({
  operator: 'DFT',
  inputs: axis === undefined ? (length === '' ? [x] : [x, length]) : [x, length, scalar(axis)],
  attributes,
})

export const spectralCases: GradientCase[] = [
  dft([2, 8, 1]),
  dft([2, 5, 2]),
  dft([2, 8, 2], { inverse: 1 }),
  dft([2, 8, 1], { onesided: 1 }),
  dft([1, 7, 1], { onesided: 1 }),
  dft([2, 6, 1], {}, scalar(8)),
  dft([2, 8, 2], {}, scalar(5)),
  dft([2, 8, 1], { onesided: 1 }, scalar(6)),
  dft([1, 4, 3, 2], {}, '', 1),
  dft([1, 4, 6, 1], { onesided: 1 }, '', -2),
  { operator: 'STFT', inputs: [[2, 16, 1], scalar(4), [8]] },
  { operator: 'STFT', inputs: [[1, 18, 1], scalar(3), [6]], attributes: { onesided: 0 } },
  { operator: 'STFT', inputs: [[1, 16, 1], scalar(4), '', scalar(8)], attributes: { onesided: 1 } },
  { operator: 'STFT', inputs: [[1, 12, 2], scalar(2), [4]], attributes: { onesided: 0 } },
]
