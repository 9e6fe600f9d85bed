/** @file Versions of what made a result. */
import { createRequire } from 'node:module'

/** Version of the ascribe package. */
export const version: string = createRequire(import.meta.url)('../package.json').version
