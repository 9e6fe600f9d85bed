/** @file ascribe as a library in Node: core with the Node runtime. */
export * from '@ascribe/core'
export * from '@ascribe/core/node'
