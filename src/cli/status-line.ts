/** One line on a terminal with the progress of a long task. Prints nothing if it is no terminal. */

import { type Output, print } from './io.ts';
import { cutToWidth, printable } from './text-width.ts';

/** Shorter tasks show nothing. */
const FIRST_AFTER_MS = 400;

/** The shortest time between two changes of the line. */
const EVERY_MS = 100;

/** Moves the cursor to the start of the line and erases the line. */
const ERASE = '\r\u001b[K';

/** Runs a task with a status line, which is erased when the task ends or fails. */
export async function withStatus<T>(
  output: Output,
  work: (status: StatusLine) => Promise<T>,
): Promise<T> {
  const status = new StatusLine(output);
  try {
    return await work(status);
  } finally {
    await status.clear();
  }
}

/** The line; every change fits the terminal's width at that moment. */
export class StatusLine {
  readonly #output: Output;
  #nextAt = performance.now() + FIRST_AFTER_MS;
  #isShown = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Replaces the text, unless it was replaced just before. */
  show(text: string): void {
    if (!this.#output.isTTY || performance.now() < this.#nextAt) return;
    this.#nextAt = performance.now() + EVERY_MS;
    this.#isShown = true;
    const width = (this.#output.columns || 80) - 1;
    this.#output.write(ERASE + cutToWidth(printable(text), width), () => {});
  }

  /** Prints to `output`. Erases the line first if that is a terminal: it may be the same one. */
  async print(output: Output, text: string): Promise<void> {
    if (output.isTTY) await this.clear();
    await print(output, text);
  }

  /** Erases the line. */
  async clear(): Promise<void> {
    if (this.#isShown) await print(this.#output, ERASE);
    this.#isShown = false;
  }
}
