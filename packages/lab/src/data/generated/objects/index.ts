/** @file The ten object classes. Their order is the class index. */

import type { ObjectClass } from '../object.js'
import { arrow } from './arrow.js'
import { crescent } from './crescent.js'
import { cross } from './cross.js'
import { fish } from './fish.js'
import { hourglass } from './hourglass.js'
import { ladder } from './ladder.js'
import { leaf } from './leaf.js'
import { spiral } from './spiral.js'
import { star } from './star.js'
import { wheel } from './wheel.js'

export const objectClasses: readonly ObjectClass[] = [arrow, crescent, cross, fish, hourglass, ladder, leaf, spiral, star, wheel]
