/** @file Every shape rule, by operator. */
import type { ShapeRules } from './rule.js'

export const shapeRules: ShapeRules = {}
