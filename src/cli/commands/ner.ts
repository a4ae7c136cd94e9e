/** `mobilebert ner`: finds entities in texts (named-entity recognition). */

import { AGGREGATION_STRATEGIES } from '../../pipelines/entities.ts';
import { naturalNumber, oneOf, parseArguments } from '../arguments.ts';
import type { Command } from '../io.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS, printResults } from '../pipeline.ts';
import { entityTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The default model. */
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
Finds entities in texts. The default model finds the number of people, date,
time and names in restaurant bookings.

Usage: mobilebert ner [OPTIONS] [TEXT...]

Texts are the arguments, or the lines of a file or of standard input. Blank
lines are skipped.

${MODEL_HELP}
  -s, --strategy NAME  how tokens are joined to entities: first (default),
                       average and max keep words whole, simple may split
                       them, none joins nothing
      --ignore LABELS  labels to leave out, separated by commas (default "O")
      --stride N       overlap of the windows in which a long text is read, in
                       tokens (default 32); "none" truncates long texts
  -f, --file FILE      read texts from FILE, one per line ("-": standard input)
      --json           print one JSON object per text:
                       {"text": ..., "entities": [...]}
  -h, --help           show this help
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const aggregation_strategy = oneOf('strategy', values.strategy, AGGREGATION_STRATEGIES);
    const isCut = values.stride === 'none' || aggregation_strategy === 'none';
    const stride = isCut ? null : naturalNumber('stride', values.stride);
    const ignore_labels = values.ignore.split(',').map((label) => label.trim());
    const batches = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const tag = await loadPipeline('token-classification', values, BUNDLED, status);
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Tagged',
        table: entityTable,
        async work(texts) {
          const found = await tag(texts, { aggregation_strategy, stride, ignore_labels });
          return texts.map((text, i) => ({ text, entities: found[i]! }));
        },
      });
    });
  },
};
