/** What most commands do: texts list by list -> results, as JSON lines or as one table. */

import type { Io } from './io.ts';
import type { StatusLine } from './status-line.ts';
import { type TableStyle, tableStyle } from './table.ts';

export interface Printing<R> {
  /** Lists of texts as they come, see textsOf(). */
  readonly steps: AsyncIterable<string[]>;
  /** A result for each text; as it stands, it is what a JSON line holds. */
  readonly work: (texts: readonly string[]) => Promise<readonly R[]>;
  /** All results for people. */
  readonly table: (results: readonly R[], style: TableStyle) => string;
  /** Results as they come, one line each, rather than a table at the end. */
  readonly isJson: boolean | undefined;
  /** What is said of texts that are done: "Classified 512 texts". */
  readonly done: string;
}

export async function printResults<R>(
  io: Io,
  status: StatusLine,
  { steps, work, table, isJson, done }: Printing<R>,
): Promise<void> {
  const all: R[] = [];
  let count = 0;
  for await (const texts of steps) {
    const results = await work(texts);
    const lines = results.map((result) => `${JSON.stringify(result)}\n`);
    if (isJson) await status.print(io.stdout, lines.join(''));
    else for (const result of results) all.push(result);
    count += texts.length;
    status.show(`${done} ${count.toLocaleString('en')} texts`);
  }
  if (!isJson) await status.print(io.stdout, table(all, tableStyle(io)));
}
