/** `mobilebert ner`: texts -> entities with their places, as a table or as JSON lines. */

import { AGGREGATION_STRATEGIES } from '../../pipelines/entities.ts';
import { naturalNumber, oneOf, parseArguments } from '../arguments.ts';
import { formatEntities } from '../format-entities.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS } from '../load-pipeline.ts';
import { printResults } from '../print-results.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The model where none is named. */
const BUNDLED = 'restaurant8k-slots';

const OPTIONS = {
  ...MODEL_OPTIONS,
  strategy: { type: 'string', short: 's', default: 'first' },
  ignore: { type: 'string', default: 'O' },
  stride: { type: 'string', default: '32' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const ner: Command = {
  help: `\
Finds entities in texts. Without --model: people, date, time and names in restaurant bookings.

Usage: mobilebert ner [OPTIONS] [TEXT...]

Texts are the arguments, or lines of a file or of standard input; blank lines are skipped.

${MODEL_HELP}
  -s, --strategy NAME  first (default), average or max: neighbours of one label, words kept whole;
                       simple: the same, token by token; none: tokens
      --ignore LABELS  labels between commas that are left out (default "O")
      --stride N       tokens that windows of a long text share (default 32); "none" cuts long texts
  -f, --file FILE      read texts from a file, one per line; "-" is standard input
      --json           one object per text: {"text": ..., "entities": [...]}
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const aggregation_strategy = oneOf('strategy', values.strategy, AGGREGATION_STRATEGIES);
    const isCut = values.stride === 'none' || aggregation_strategy === 'none';
    const stride = isCut ? null : naturalNumber('stride', values.stride);
    const ignore_labels = values.ignore.split(',').map((label) => label.trim());
    const steps = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const tag = await loadPipeline('token-classification', values, BUNDLED, status);
      await printResults(io, status, {
        steps,
        isJson: values.json,
        done: 'Read',
        table: formatEntities,
        async work(texts) {
          const found = await tag(texts, { aggregation_strategy, stride, ignore_labels });
          return texts.map((text, i) => ({ text, entities: found[i]! }));
        },
      });
    });
  },
};
