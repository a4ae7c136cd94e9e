/** `mobilebert fill`: texts with [MASK] -> words for it, as a table or as JSON lines. */

import { parseArguments, positiveInteger } from '../arguments.ts';
import { formatFills } from '../format-fills.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS } from '../load-pipeline.ts';
import { printResults } from '../print-results.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

const OPTIONS = {
  ...MODEL_OPTIONS,
  'top-k': { type: 'string', short: 'k', default: '5' },
  targets: { type: 'string', short: 't' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const fill: Command = {
  help: `\
Fills [MASK] in texts, by a masked language model.

Usage: mobilebert fill --model SOURCE [OPTIONS] [TEXT...]

Texts are the arguments, or lines of a file or of standard input; blank lines are skipped.

${MODEL_HELP}
  -k, --top-k N        words for each mask, best first (default 5)
  -t, --targets WORDS  words between commas, the only ones that are asked for
  -f, --file FILE      read texts from a file, one per line; "-" is standard input
      --json           one object per text: {"text": ..., "fills": [...]}, with several masks a
                       list for each
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const top_k = positiveInteger('top-k', values['top-k']);
    const targets = values.targets?.split(',').map((word) => word.trim());
    const steps = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const fillMask = await loadPipeline('fill-mask', values, undefined, status);
      await printResults(io, status, {
        steps,
        isJson: values.json,
        done: 'Filled',
        table: formatFills,
        async work(texts) {
          const found = await fillMask(texts, { top_k, targets });
          return texts.map((text, i) => ({ text, fills: found[i]! }));
        },
      });
    });
  },
};
