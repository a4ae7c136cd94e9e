/** Finds and runs the command that the arguments name, and returns an exit code. */

import { env as library } from '../hub/options.ts';
import { nearestName, suggestion } from '../options.ts';
import { UsageError } from './arguments.ts';
import { COMMANDS, type CommandEntry } from './commands.ts';
import { optionsText, PROGRAM } from './help.ts';
import { type Io, type Output, print } from './io.ts';
import { paintFor } from './table.ts';
import { printable, wrapToWidth } from './text-width.ts';

/** 0: success; 1: failure; 2: usage error. */
export type ExitCode = 0 | 1 | 2;

/** Runs the command line. Errors are printed on stderr. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    await dispatch(args, io);
    return 0;
  } catch (error) {
    // The reader of the output has closed it, as in `mobilebert-wasm ... | head`.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0;
    const isUsage = error instanceof UsageError;
    const command = Object.hasOwn(COMMANDS, args[0] ?? '') ? ` ${args[0]}` : '';
    const hint = isUsage ? `\nTry "${PROGRAM}${command} --help"` : '';
    const message = error instanceof Error ? error.message : String(error);
    const lines = onTerminal(`mobilebert-wasm: ${printable(message)}`, io.stderr);
    await print(io.stderr, `${lines}${hint}\n`).catch(() => {});
    return isUsage ? 2 : 1;
  }
}

/** A message on lines of a terminal's width, broken at blanks. */
function onTerminal(message: string, { isTTY, columns }: Output): string {
  if (!isTTY) return message;
  return wrapToWidth(message, columns || 80, Number.POSITIVE_INFINITY).join('\n');
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<void> {
  if (name === '--help' || name === '-h') return printHelp(help(), io);
  if (name === '--version' || name === '-v') return print(io.stdout, `${library.version}\n`);
  if (name === 'help') return helpOf(rest, io);
  if (name === undefined) {
    throw new UsageError(`Cannot run: found no command, expected one of ${listed()}`);
  }
  const command = await commandOf(name).load();
  if (wantsHelp(rest)) return printHelp(command.help, io);
  return command.run(rest, io);
}

/** `help` and `help COMMAND`. */
async function helpOf(names: readonly string[], io: Io): Promise<void> {
  const [name, ...others] = names.filter((word) => word !== '--help' && word !== '-h');
  if (others.length > 0) {
    const found = JSON.stringify([name, ...others].join(' '));
    throw new UsageError(`Cannot show help: found ${found}, expected one command`);
  }
  return printHelp(name === undefined ? help() : (await commandOf(name).load()).help, io);
}

/** @throws UsageError that names the nearest command */
function commandOf(name: string): CommandEntry {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!;
  const found = `Cannot run ${JSON.stringify(name.slice(0, 60))}`;
  if (name.startsWith('-')) {
    const near = suggestedOption(name);
    throw new UsageError(
      `${found}: it is an option, expected ${near ?? `a command first: one of ${listed()}`}`,
    );
  }
  const names = Object.entries(COMMANDS).flatMap(([command, { otherNames = [] }]) =>
    [command, ...otherNames].map((other): [string, string] => [other, command]),
  );
  const near = nearestName(name, ['help', ...names.map(([other]) => other)]);
  const command = near === undefined ? undefined : (new Map(names).get(near) ?? near);
  const expected = command === undefined ? `one of ${listed()}` : `"${command}"`;
  throw new UsageError(`${found}: there is no such command, expected ${expected}`);
}

/** The option of the program itself that a misspelt one was meant to be. */
function suggestedOption(name: string): string | undefined {
  const near = nearestName(name, ['--help', '--version']);
  return near && suggestion(name, [near]);
}

function listed(): string {
  return Object.keys(COMMANDS).join(', ');
}

/** Whether the arguments ask for help. After `--`, everything is text. */
function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

/** Headings are bold on a terminal. */
function printHelp(text: string, io: Io): Promise<void> {
  const paint = paintFor(io);
  const headings = /^(Usage:|Commands|Options|Examples)/gm;
  return print(
    io.stdout,
    text.replace(headings, (heading) => paint(heading, 'bold')),
  );
}

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map(({ length }) => length)) + 2;
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}${summary}\n`,
  );
  return `\
MobileBERT in WebAssembly SIMD

Usage: ${PROGRAM} COMMAND [OPTIONS]

Commands
${commands.join('')}
Options
${optionsText([
  ['-h, --help', 'show this help; after a command, its options'],
  ['-v, --version', 'show the version'],
])}

Examples
  ${PROGRAM} classify "I lost my card in Rome"
  ${PROGRAM} inspect google/mobilebert-uncased
  ${PROGRAM} help classify

Exit codes: 0 success, 1 failure, 2 usage error
`;
}
