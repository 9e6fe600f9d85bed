/** @file Runs the built command as a user does, and makes scratch folders. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect } from 'vitest'

const launcher = fileURLToPath(new URL('../../bin/ascribe.js', import.meta.url))

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly onStart?: (child: ChildProcess) => void
}

export function run(args: readonly string[], { cwd, onStart }: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => (stdout += chunk))
    child.stderr.on('data', chunk => (stderr += chunk))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
    onStart?.(child)
  })
}

/** Asserts one line of error on standard error that begins as every error does, and no stack trace. */
export function expectError({ code, stderr }: Result, exit: number, message: RegExp): void {
  const lines = stderr.split('\n').filter(line => line.startsWith('ascribe: '))
  expect(lines, stderr).toHaveLength(1)
  expect(lines[0]).toMatch(message)
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m)
  expect(stderr).not.toMatch(/unexpected error/)
  expect(code).toBe(exit)
}

/** A folder that is deleted when the test file ends. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ascribe-cli-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
