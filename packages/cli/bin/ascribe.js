#!/usr/bin/env node
// A committed launcher: `npm ci` links no bin whose file does not exist yet, and dist/ exists only after a build.
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)
if (!existsSync(main)) {
  console.error('ascribe: not built yet; run `npm run build` first')
  process.exit(1)
}
await import(main.href)
