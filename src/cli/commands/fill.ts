/** `npx mobilebert-wasm fill`: predicts the tokens for [MASK] in texts. */

import { parseArguments, positiveInteger } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp, TEXTS_NOTE } from '../help.ts';
import type { Command } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
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
  help: helpText({
    about: ['Predicts the tokens for [MASK] in texts, with a masked language model.'],
    usage: ['fill --model SOURCE [OPTIONS] [TEXT...]'],
    notes: [TEXTS_NOTE],
    options: [
      ...modelHelp(),
      ['-k, --top-k N', 'tokens per mask, best first (default 5)'],
      ['-t, --targets WORDS', 'consider only these words, separated by commas'],
      fileHelp('texts'),
      jsonHelp(
        ' per text',
        '{"text": ..., "fills": [...]}',
        ', with a list of fills for each mask if there are several',
      ),
    ],
    examples: [
      'fill -m google/mobilebert-uncased "Paris is in [MASK]."',
      'fill -m ./my-model --targets red,blue "It is [MASK]."',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const top_k = positiveInteger('top-k', values['top-k']);
    const targets = values.targets?.split(',').map((word) => word.trim());
    const choice = chooseModel('fill-mask', values);
    const batches = await textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const fillMask = await loadPipeline(choice, status);
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
