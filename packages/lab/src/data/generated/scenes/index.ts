/** @file The ten scene classes. Their order is the class index. */

import type { SceneClass } from '../scene.js'
import { bambooGrove } from './bamboo-grove.js'
import { brickWall } from './brick-wall.js'
import { crackedGround } from './cracked-ground.js'
import { pondRipples } from './pond-ripples.js'
import { scaleRoof } from './scale-roof.js'
import { strawHeap } from './straw-heap.js'
import { tiledFloor } from './tiled-floor.js'
import { windingPaths } from './winding-paths.js'
import { wovenBasket } from './woven-basket.js'
import { zigzagCloth } from './zigzag-cloth.js'

export const sceneClasses: readonly SceneClass[] = [
  tiledFloor,
  bambooGrove,
  brickWall,
  crackedGround,
  pondRipples,
  scaleRoof,
  strawHeap,
  windingPaths,
  wovenBasket,
  zigzagCloth,
]
