/** `mobilebert inspect`: what a checkpoint is, and what becomes of it on this machine. */

import { oneOf, parseArguments, UsageError } from '../arguments.ts';
import { formatInspection } from '../format-inspection.ts';
import { inspectCheckpoint } from '../inspection.ts';
import { ProgressBar } from '../progress-bar.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';
import { tableStyle } from '../table.ts';

const OPTIONS = {
  dtype: { type: 'string', default: 'auto' },
  json: { type: 'boolean' },
} as const;

const DTYPES = ['auto', 'fp32', 'fp16', 'q8'] as const;

export const inspect: Command = {
  help: `\
Shows what a checkpoint is: configuration, files, weights by part, labels, the tasks it can do, tensors
that are missing or unused, and how it would run here. The weights are loaded for that.

Usage: mobilebert inspect [OPTIONS] SOURCE

SOURCE is a folder, URL or hub id.

      --dtype NAME     what weights would be kept in: auto (default), fp32, fp16 or q8
      --json           one object
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const dtype = oneOf('dtype', values.dtype, DTYPES);
    const [source, ...others] = positionals;
    if (source === undefined || others.length > 0) {
      throw new UsageError(
        `Cannot read arguments: found ${positionals.length} names, expected one SOURCE`,
      );
    }
    await withStatus(io.stderr, async (status) => {
      const bar = new ProgressBar(status);
      const found = await inspectCheckpoint(source, {
        dtype,
        progress_callback: (event) => bar.take(event),
      });
      const text = values.json
        ? `${JSON.stringify(found)}\n`
        : formatInspection(found, tableStyle(io));
      await status.print(io.stdout, text);
    });
  },
};
