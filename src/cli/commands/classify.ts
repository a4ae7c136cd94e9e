/** `npx mobilebert-wasm classify`: labels texts. */

import { defaultScoreFunction } from '../../pipelines/text-classification.ts';
import { parseArguments, positiveInteger } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp, TEXTS_NOTE } from '../help.ts';
import type { Command } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
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
  help: helpText({
    about: [
      'Labels texts with the labels of a model. The default model knows 77 intents of bank customers.',
    ],
    usage: ['classify [OPTIONS] [TEXT...]'],
    notes: [TEXTS_NOTE],
    options: [
      ...modelHelp(BUNDLED),
      ['-k, --top-k N', 'labels per text, best first, or "all" (default 1)'],
      fileHelp('texts'),
      jsonHelp(' per text', '{"text": ..., "labels": [{"label", "score"}, ...]}'),
    ],
    examples: [
      'classify "I lost my card in Rome"',
      'classify --top-k 3 "My top-up failed" "Where is it?"',
      'classify --model ./my-model --file questions.txt --json',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const top_k = values['top-k'] === 'all' ? null : positiveInteger('top-k', values['top-k']);
    const choice = chooseModel('text-classification', values, BUNDLED);
    const batches = await textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const classifier = await loadPipeline(choice, status);
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
