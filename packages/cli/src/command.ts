/** @file The shape of a subcommand, and how commander learns it. */
import { Argument, Option, type Command as Parser } from 'commander'
import type { Terminal } from './terminal.js'

export interface Flag {
  /** As commander writes them: `-m, --method <spec>`. */
  readonly flags: string
  readonly describe: string
  /** Turns the text into a value; throws UsageError. Default: the text itself. */
  readonly parse?: (text: string) => unknown
  readonly choices?: readonly string[]
  readonly default?: unknown
  /** May be given several times; the value is a list. */
  readonly repeat?: true
}

export interface Context {
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal
  readonly terminal: Terminal
}

/** One subcommand: one file in commands/, one line in commands/index.ts. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** `<model>`, `<input...>`, `[name]`, each with what it is. */
  readonly arguments: readonly (readonly [name: string, describe: string])[]
  readonly flags: readonly Flag[]
  /** Complete command lines, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** What else its help lists, each under a title. */
  readonly lists?: readonly { readonly title: string; readonly rows: readonly (readonly [name: string, does: string])[] }[]
  // biome-ignore lint/suspicious/noExplicitAny: each command knows the types that its own arguments and flags give
  readonly run: (args: any, options: any, context: Context) => Promise<void>
}

/** Several subcommands under one name: `ascribe bam build`. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly commands: readonly Command[]
}

/** Adds a command, or a group of them, to the program. */
export function register(
  program: Parser,
  command: Command | CommandGroup,
  context: (options: Record<string, unknown>) => Context,
): void {
  if ('commands' in command) {
    const group = program
      .command(command.name)
      .description(command.summary)
      .helpCommand('help [command]', 'show help for a command')
    for (const member of command.commands) register(group, member, context)
    return
  }
  const parser = program.command(command.name).description(command.summary)
  for (const [name, describe] of command.arguments) parser.addArgument(new Argument(name, describe))
  for (const flag of command.flags) parser.addOption(optionOf(flag))
  const width = Math.max(...command.examples.map(([line]) => line.length))
  const stacked = width > 76
  for (const { title, rows } of command.lists ?? [])
    parser.addHelpText('after', `\n${title}:\n${rows.map(([name, does]) => `  ${name}\n      ${does}`).join('\n')}`)
  parser.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map(([line, does]) => (stacked ? `  ${line}\n      ${does}` : `  ${line.padEnd(width)}  ${does}`)).join('\n')}`,
  )
  parser.action(async (...received: unknown[]) => {
    const options = received[command.arguments.length] as Record<string, unknown>
    await command.run(received.slice(0, command.arguments.length), options, context(options))
  })
}

function optionOf({ flags, describe, parse, choices, default: fallback, repeat }: Flag): Option {
  const option = new Option(flags, describe)
  if (choices) option.choices(choices)
  if (fallback !== undefined) option.default(fallback)
  if (repeat) {
    let seen: unknown[] | undefined
    option.argParser(text => (seen = [...(seen ?? []), parse ? parse(text) : text]))
  } else if (parse) option.argParser(text => parse(text))
  return option
}
