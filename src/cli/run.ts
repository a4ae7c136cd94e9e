/** Finds and runs the command that the arguments name, and returns an exit code. */

import { env as library } from '../hub/options.ts';
import { UsageError } from './arguments.ts';
import { type Command, type Io, print } from './io.ts';
import { printable } from './text-width.ts';

/** A command's code is loaded when it is called. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; load(): Promise<Command> }>> = {
  classify: {
    summary: 'label texts: intents, sentiments, topics',
    load: async () => (await import('./commands/classify.ts')).classify,
  },
  ner: {
    summary: 'find entities such as names, places and times',
    load: async () => (await import('./commands/ner.ts')).ner,
  },
  answer: {
    summary: 'answer questions about a text',
    load: async () => (await import('./commands/answer.ts')).answer,
  },
  fill: {
    summary: 'predict the tokens for [MASK]',
    load: async () => (await import('./commands/fill.ts')).fill,
  },
  'zero-shot': {
    summary: 'label texts with labels of your choice',
    load: async () => (await import('./commands/zero-shot.ts')).zeroShot,
  },
  embed: {
    summary: 'turn texts into vectors',
    load: async () => (await import('./commands/embed.ts')).embed,
  },
  tokens: {
    summary: 'show the tokens of texts',
    load: async () => (await import('./commands/tokens.ts')).tokens,
  },
  inspect: {
    summary: 'show what a checkpoint contains and can do',
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  convert: {
    summary: 'convert a checkpoint to smaller weights (q8, fp16)',
    load: async () => (await import('./commands/convert.ts')).convert,
  },
  verify: {
    summary: 'compare a checkpoint with published outputs',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  cache: {
    summary: 'list or delete downloaded models',
    load: async () => (await import('./commands/cache.ts')).cache,
  },
};

/** 0: success; 1: failure; 2: usage error. */
export type ExitCode = 0 | 1 | 2;

/** Runs the command line. Errors are printed on stderr. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    await dispatch(args, io);
    return 0;
  } catch (error) {
    // The reader of the output has closed it, as in `mobilebert ... | head`.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0;
    const isUsage = error instanceof UsageError;
    const command = Object.hasOwn(COMMANDS, args[0] ?? '') ? ` ${args[0]}` : '';
    const hint = isUsage ? `\nTry "mobilebert${command} --help"` : '';
    const message = error instanceof Error ? error.message : String(error);
    await print(io.stderr, `mobilebert: ${printable(message)}${hint}\n`).catch(() => {});
    return isUsage ? 2 : 1;
  }
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<void> {
  if (name === '--help' || name === '-h') return print(io.stdout, help());
  if (name === '--version' || name === '-v') return print(io.stdout, `${library.version}\n`);
  const known = Object.keys(COMMANDS).join(', ');
  if (name === undefined) {
    throw new UsageError(`Cannot run: found no command, expected one of ${known}`);
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(
      `Cannot run ${JSON.stringify(name)}: there is no such command, expected one of ${known}`,
    );
  }
  const command = await COMMANDS[name]!.load();
  if (wantsHelp(rest)) return print(io.stdout, command.help);
  return command.run(rest, io);
}

/** Whether the arguments ask for help. After `--`, everything is text. */
function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

function help(): string {
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(10)} ${summary}\n`,
  );
  return `\
MobileBERT in WebAssembly SIMD

Usage: mobilebert COMMAND [OPTIONS]

Commands
${commands.join('')}
Options
  -h, --help       show this help
  -v, --version    show the version

"mobilebert COMMAND --help" shows the options of a command.
Exit codes: 0 success, 1 failure, 2 usage error
`;
}
