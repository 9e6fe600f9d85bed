/** @file Writes packages/autodiff/OPERATORS.md from the gradient table. Needs a build: `npm run build && node tools/operators.mjs`. */
import { renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { operatorDocument } from '../packages/autodiff/dist/index.js'

const path = fileURLToPath(new URL('../packages/autodiff/OPERATORS.md', import.meta.url))
writeFileSync(`${path}.part`, operatorDocument())
renameSync(`${path}.part`, path)
console.log(path)
