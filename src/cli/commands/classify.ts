/** `mobilebert classify`: labels texts. */

import { defaultScoreFunction } from '../../pipelines/text-classification.ts';
import { parseArguments, positiveInteger } from '../arguments.ts';
import type { Command } from '../io.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS, printResults } from '../pipeline.ts';
import { labelTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The default model. */
const BUNDLED = 'banking77-intents';

const OPTIONS = {
  ...MODEL_OPTIONS,
  'top-k': { type: 'string', short: 'k', default: '1' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const classify: Command = {
  help: `\
Labels texts with the labels of a model. The default model knows 77 intents of
bank customers.

Usage: mobilebert classify [OPTIONS] [TEXT...]

Texts are the arguments, or the lines of a file or of standard input. Blank
lines are skipped.

${MODEL_HELP}
  -k, --top-k N        labels per text, best first, or "all" (default 1)
  -f, --file FILE      read texts from FILE, one per line ("-": standard input)
      --json           print one JSON object per text:
                       {"text": ..., "labels": [{"label", "score"}, ...]}
  -h, --help           show this help
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const top_k = values['top-k'] === 'all' ? null : positiveInteger('top-k', values['top-k']);
    const batches = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const classifier = await loadPipeline('text-classification', values, BUNDLED, status);
      const isProbability = defaultScoreFunction(classifier.model.config) !== 'none';
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Classified',
        async work(texts) {
          const results = await classifier(texts, { top_k });
          return texts.map((text, i) => ({ text, labels: [results[i]!].flat() }));
        },
        table: (all, style) => labelTable(all, isProbability, style),
      });
    });
  },
};
