/** @file The `ascribe` command: parses, runs one subcommand, turns errors into one line and an exit code. */
import { AbortedError } from '@ascribe/core'
import { removeTemporaryFiles } from '@ascribe/core/node'
import { CommanderError, Command as Parser } from 'commander'
import { type Context, register } from './command.js'
import { commands } from './commands/index.js'
import { exitCodeOf, exitCodes, messageOf, ReportedFailure } from './failures.js'
import { Terminal, type TerminalOptions } from './terminal.js'
import { version } from './version.js'

const interruption = new AbortController()

/** The first signal ends the work in order; the second ends the process at once. */
function interrupt(): void {
  if (interruption.signal.aborted) {
    removeTemporaryFiles()
    process.exit(exitCodes.interrupted)
  }
  interruption.abort()
}

/** A reader that went away (`| head`) is no error. */
function quietPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  removeTemporaryFiles()
  process.exit(process.exitCode ?? 0)
}

const usageCodes = new Set(['commander.helpDisplayed', 'commander.version'])

function program(context: (options: TerminalOptions) => Context): Parser {
  const parser = new Parser('ascribe')
    .description('Explains any ONNX model: which parts of an input a prediction rests on.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
    .configureOutput({ outputError: () => {} })
    .exitOverride()
  for (const command of commands) register(parser, command, context)
  return parser
}

async function main(): Promise<void> {
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.stdout.on('error', quietPipe)
  process.stderr.on('error', quietPipe)
  let terminal = new Terminal()
  const context = (options: TerminalOptions): Context => {
    terminal = new Terminal(options)
    return { signal: interruption.signal, terminal }
  }
  try {
    await program(context).parseAsync()
  } catch (error) {
    terminal.bar('')
    if (error instanceof CommanderError) {
      if (error.code === 'commander.help') process.exitCode = exitCodes.usage
      else if (!usageCodes.has(error.code)) {
        terminal.error(error.message.replace(/^error: /, ''))
        process.exitCode = exitCodes.usage
      }
      return
    }
    removeTemporaryFiles()
    const interrupted = interruption.signal.aborted
    if (!(error instanceof ReportedFailure) || interrupted)
      terminal.error(
        interrupted && !(error instanceof AbortedError && error.message.startsWith('interrupted;'))
          ? 'interrupted; files that were finished stay'
          : messageOf(error),
      )
    if (process.argv.includes('--debug')) console.error(error)
    process.exitCode = interrupted ? exitCodes.interrupted : exitCodeOf(error)
  }
}

await main()
