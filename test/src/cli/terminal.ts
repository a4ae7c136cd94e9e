/** Runs the command line in memory: given input, collected output. */
import { Readable } from 'node:stream';
import { WriteStream } from 'node:tty';
import type { Io, Output } from '../../../src/cli/io.ts';
import { run } from '../../../src/cli/run.ts';

export interface Surroundings {
  readonly stdin?: string | readonly Uint8Array[];
  /** Cells per line; without it, the output is not a terminal. */
  readonly columns?: number;
  readonly env?: Record<string, string>;
}

/** Collects what is written. With `columns`, it is a terminal of that width. */
export function collector(columns?: number): Output & { text: string } {
  const collected: Output & { text: string } = {
    text: '',
    write(text, done) {
      collected.text += text;
      done();
    },
    ...(columns !== undefined && {
      isTTY: true,
      columns,
      hasColors: (env?: object) =>
        WriteStream.prototype.getColorDepth.call(null as never, env) >= 4,
    }),
  };
  return collected;
}

export function ioOf({ stdin = '', columns, env = { TERM: 'xterm' } }: Surroundings = {}) {
  const chunks = typeof stdin === 'string' ? [new TextEncoder().encode(stdin)] : stdin;
  const [stdout, stderr] = [collector(columns), collector(columns)];
  return { stdin: Readable.from(chunks), stdout, stderr, env } satisfies Io;
}

/** Runs the command line. Colours stay in the output as ANSI escape sequences. */
export async function mobilebert(args: readonly string[], surroundings?: Surroundings) {
  const io = ioOf(surroundings);
  const code = await run(args, io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}
