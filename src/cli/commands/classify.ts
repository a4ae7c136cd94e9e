/** `mobilebert classify`: texts -> labels with scores, as a table or as JSON lines. */

import { defaultScoreFunction } from '../../pipelines/text-classification.ts';
import { parseArguments, positiveInteger } from '../arguments.ts';
import { formatLabels } from '../format-labels.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS } from '../load-pipeline.ts';
import { printResults } from '../print-results.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The model where none is named. */
const BUNDLED = 'banking77-intents';

const OPTIONS = {
  ...MODEL_OPTIONS,
  'top-k': { type: 'string', short: 'k', default: '1' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const classify: Command = {
  help: `\
Labels texts. Without --model: intents of bank customers' questions, in 77 kinds.

Usage: mobilebert classify [OPTIONS] [TEXT...]

Texts are the arguments, or lines of a file or of standard input; blank lines are skipped.

${MODEL_HELP}
  -k, --top-k N        labels for each text, best first (default 1), or "all"
  -f, --file FILE      read texts from a file, one per line; "-" is standard input
      --json           one object per text: {"text": ..., "labels": [{"label", "score"}, ...]}
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const top_k = values['top-k'] === 'all' ? null : positiveInteger('top-k', values['top-k']);
    const steps = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const classifier = await loadPipeline('text-classification', values, BUNDLED, status);
      const isProbability = defaultScoreFunction(classifier.model.config) !== 'none';
      await printResults(io, status, {
        steps,
        isJson: values.json,
        done: 'Classified',
        async work(texts) {
          const results = await classifier(texts, { top_k });
          return texts.map((text, i) => ({ text, labels: [results[i]!].flat() }));
        },
        table: (all, style) => formatLabels(all, isProbability, style),
      });
    });
  },
};
