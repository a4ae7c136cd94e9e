/** `mobilebert fill`: predicts the tokens for [MASK] in texts. */

import { parseArguments, positiveInteger } from '../arguments.ts';
import type { Command } from '../io.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS, printResults } from '../pipeline.ts';
import { fillTable } from '../result-tables.ts';
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
Predicts the tokens for [MASK] in texts, with a masked language model.

Usage: mobilebert fill --model SOURCE [OPTIONS] [TEXT...]

Texts are the arguments, or the lines of a file or of standard input. Blank
lines are skipped.

${MODEL_HELP}
  -k, --top-k N        tokens per mask, best first (default 5)
  -t, --targets WORDS  consider only these words, separated by commas
  -f, --file FILE      read texts from FILE, one per line ("-": standard input)
      --json           print one JSON object per text:
                       {"text": ..., "fills": [...]}, with a list of fills
                       for each mask if there are several
  -h, --help           show this help
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const top_k = positiveInteger('top-k', values['top-k']);
    const targets = values.targets?.split(',').map((word) => word.trim());
    const batches = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const fillMask = await loadPipeline('fill-mask', values, undefined, status);
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Filled',
        table: fillTable,
        async work(texts) {
          const found = await fillMask(texts, { top_k, targets });
          return texts.map((text, i) => ({ text, fills: found[i]! }));
        },
      });
    });
  },
};
