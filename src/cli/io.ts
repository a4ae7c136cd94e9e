/** Commands and the streams they use, passed in so that tests can run them without a process. */

/** A command of the command line. */
export interface Command {
  /** What `--help` prints: purpose, usage, arguments and options. */
  readonly help: string;
  run(args: readonly string[], io: Io): Promise<void>;
}

/** The streams and the environment of a process. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** stdout or stderr. Only a terminal has `columns` and `hasColors`. */
export interface Output {
  write(text: string, done: (error?: Error | null) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(env?: object): boolean;
}

/** Writes text and waits until it is taken. Rejects with EPIPE when the reader has gone. */
export function print(output: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
