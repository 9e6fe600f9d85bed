/** @file Quantised integers: conversion to and from them, and layers that compute on them. */
import { attribute } from '../attributes.js'
import { type DataType, dataTypeOfCode, dataTypes } from '../dtype.js'
import { NotEvaluableError } from '../errors.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { convolve } from './convolution.js'
import { matmul } from './matrix.js'
import { clamp, roundEven } from './special.js'
import { around, map, map2, normalAxis, reshaped, scalar } from './strided.js'

/** Smallest and largest value of an integer type. */
function integerRange(dtype: DataType): [number, number] {
  if (!/^u?int/.test(dtype)) throw new NotEvaluableError(`quantisation to ${dtype} is not in the reference evaluator`)
  const { bits } = dataTypes[dtype]
  return dtype.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
}

/** For each element of x, which element of scale goes with it: one for all, one per index of `axis`, or one per block of it. */
function scaleIndex(x: NdArray, scale: NdArray, axis: number, block: number): (at: number) => number {
  if (scale.data.length === 1) return () => 0
  const [, length, inner] = around(x.dims, axis)
  if (block === 0) return at => Math.floor(at / inner) % length
  const blocks = scale.dims[axis]!
  return at => {
    const along = Math.floor((Math.floor(at / inner) % length) / block)
    return (Math.floor(at / (inner * length)) * blocks + along) * inner + (at % inner)
  }
}

const quantise = (
  x: NdArray,
  index: (at: number) => number,
  scale: NdArray,
  zero: NdArray | undefined,
  dtype: DataType,
): NdArray => {
  const [low, high] = integerRange(dtype)
  const data = x.data.map((v, at) => clamp(roundEven(v / scale.data[index(at)]!) + (zero?.data[index(at)] ?? 0), low, high))
  return { dtype, dims: x.dims, data }
}

const dequantise = (x: NdArray, index: (at: number) => number, scale: NdArray, zero: NdArray | undefined): NdArray => ({
  dtype: scale.dtype,
  dims: x.dims,
  data: x.data.map((v, at) => (v - (zero?.data[index(at)] ?? 0)) * scale.data[index(at)]!),
})

const indexFor = (x: NdArray, scale: NdArray, node: Parameters<OperatorEvaluation>[1]['node']): ((at: number) => number) =>
  scaleIndex(
    x,
    scale,
    scale.data.length === 1 ? 0 : normalAxis(attribute(node, 'axis', 'int', 1), x.dims.length),
    attribute(node, 'block_size', 'int', 0),
  )

/** x - zero, the zero point broadcast from the axis it belongs to. */
export const centred = (x: NdArray, zero: NdArray | undefined, axis: number): NdArray => {
  if (!zero) return x
  const index = scaleIndex(x, zero, axis, 0)
  return zero.dims.length > 1 ? map2(x, zero, (a, b) => a - b) : { ...x, data: x.data.map((v, at) => v - zero.data[index(at)]!) }
}

/** Dequantised, scale and zero point broadcast from `axis`. */
export const plain = (x: NdArray, scale: NdArray, zero: NdArray | undefined, axis: number): NdArray => {
  const away = centred(x, zero, axis)
  if (scale.dims.length > 1) return map2(away, scale, (a, b) => a * b, 'float32')
  const index = scaleIndex(x, scale, axis, 0)
  return { dtype: 'float32', dims: x.dims, data: away.data.map((v, at) => v * scale.data[index(at)]!) }
}

/** Quantised to the zero point's type. */
export const requantised = (y: NdArray, scale: NdArray, zero: NdArray): NdArray => quantise(y, () => 0, scale, zero, zero.dtype)

const last = (x: NdArray): number => Math.max(0, x.dims.length - 1)

export const quantization: OperatorEvaluations = {
  QuantizeLinear: ([x, scale, zero], { node }) => {
    const named = dataTypeOfCode(attribute(node, 'output_dtype', 'int', 0))
    return [quantise(x!, indexFor(x!, scale!, node), scale!, zero, zero?.dtype ?? named ?? 'uint8')]
  },
  DequantizeLinear: ([x, scale, zero], { node }) => [dequantise(x!, indexFor(x!, scale!, node), scale!, zero)],
  DynamicQuantizeLinear: ([x]) => {
    const low = x!.data.reduce((a, b) => Math.min(a, b), 0)
    const high = x!.data.reduce((a, b) => Math.max(a, b), 0)
    const scale = scalar(high === low ? 1 : (high - low) / 255, 'float32')
    const zero = scalar(clamp(roundEven(-low / scale.data[0]!), 0, 255), 'uint8')
    return [quantise(x!, () => 0, scale, zero, 'uint8'), scale, zero]
  },
  MatMulInteger: ([a, b, zeroA, zeroB]) => [
    { ...matmul(centred(a!, zeroA, Math.max(0, a!.dims.length - 2)), centred(b!, zeroB, last(b!))), dtype: 'int32' },
  ],
  ConvInteger: ([x, w, zeroX, zeroW], { node }) => [
    { ...convolve(centred(x!, zeroX, 0), centred(w!, zeroW, 0), undefined, node), dtype: 'int32' },
  ],
  QLinearMatMul: ([a, scaleA, zeroA, b, scaleB, zeroB, scale, zero]) => {
    const left = plain(a!, scaleA!, zeroA, Math.max(0, a!.dims.length - 2))
    return [requantised(matmul(left, plain(b!, scaleB!, zeroB, last(b!))), scale!, zero!)]
  },
  QLinearConv: ([x, scaleX, zeroX, w, scaleW, zeroW, scale, zero, bias], { node }) => {
    const unit = map(scaleW!, s => s * scaleX!.data[0]!)
    const channels = reshaped(bias ?? scalar(0, 'int32'), bias ? [bias.data.length] : [])
    const shift = bias && map2(channels, reshaped(unit, unit.data.length === 1 ? [] : [unit.data.length]), (v, s) => v * s)
    const y = convolve(plain(x!, scaleX!, zeroX, 0), plain(w!, scaleW!, zeroW, 0), shift, node)
    return [requantised(y, scale!, zero!)]
  },
}
