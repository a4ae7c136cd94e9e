/** `npx mobilebert-wasm ner`: finds entities in texts (named-entity recognition). */

import { AGGREGATION_STRATEGIES } from '../../pipelines/entities.ts';
import { naturalNumber, oneOf, parseArguments, UsageError } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp, TEXTS_NOTE } from '../help.ts';
import type { Command } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
import { entityTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The default model. */
const BUNDLED = 'restaurant8k-slots';

const OPTIONS = {
  ...MODEL_OPTIONS,
  strategy: { type: 'string', short: 's', default: 'first' },
  ignore: { type: 'string', default: 'O' },
  stride: { type: 'string' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const ner: Command = {
  help: helpText({
    about: [
      'Finds entities in texts. The default model finds the number of people, date, time and names in restaurant bookings.',
    ],
    usage: ['ner [OPTIONS] [TEXT...]'],
    notes: [TEXTS_NOTE],
    options: [
      ...modelHelp(BUNDLED),
      [
        '-s, --strategy NAME',
        'how tokens are joined to entities: first (default), average and max keep words whole, simple may split them, none joins nothing',
      ],
      ['--ignore LABELS', 'labels to leave out, separated by commas (default "O")'],
      [
        '--stride N',
        'overlap of the windows in which a long text is read, in tokens (default 32); "none" truncates long texts',
      ],
      fileHelp('texts'),
      jsonHelp(' per text', '{"text": ..., "entities": [...]}'),
    ],
    examples: [
      'ner "A table for two tomorrow at 8pm"',
      'ner --strategy none --json "Four people on Friday"',
      'ner --model ./my-model --file texts.txt',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const aggregation_strategy = oneOf('strategy', values.strategy, AGGREGATION_STRATEGIES);
    const stride = strideOf(values.stride, aggregation_strategy === 'none');
    const ignore_labels = values.ignore.split(',').map((label) => label.trim());
    const choice = chooseModel('token-classification', values, BUNDLED);
    const batches = await textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const tag = await loadPipeline(choice, status);
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

/** The overlap of windows; null: no windows. Tokens that are not joined are read without windows. */
function strideOf(value: string | undefined, isUnjoined: boolean): number | null {
  if (value === 'none') return null;
  if (!isUnjoined) return naturalNumber('stride', value ?? '32');
  if (value === undefined) return null;
  throw new UsageError(
    `Cannot read arguments: --stride is "${value}", expected "none" or another --strategy than "none"`,
  );
}
