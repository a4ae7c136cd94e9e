/** `npx mobilebert-wasm zero-shot`: labels texts with labels of the caller's choice. */

import { parseArguments, positiveInteger, UsageError } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp, TEXTS_NOTE } from '../help.ts';
import type { Command } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
import { labelTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

const OPTIONS = {
  ...MODEL_OPTIONS,
  labels: { type: 'string', short: 'l', multiple: true },
  template: { type: 'string', short: 't' },
  'multi-label': { type: 'boolean' },
  'top-k': { type: 'string', short: 'k', default: 'all' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const zeroShot: Command = {
  help: helpText({
    about: [
      'Labels texts with labels of your choice, with a model for natural language inference (NLI).',
    ],
    usage: ['zero-shot --model SOURCE --labels LABELS [OPTIONS] [TEXT...]'],
    notes: [TEXTS_NOTE],
    options: [
      ...modelHelp(),
      ['-l, --labels LABELS', 'labels, separated by commas; the option can be repeated'],
      ['-t, --template TEXT', 'hypothesis, with {} for the label (default "This example is {}.")'],
      ['--multi-label', 'score each label on its own, as several may apply'],
      ['-k, --top-k N', 'labels per text, best first, or "all" (default)'],
      fileHelp('texts'),
      jsonHelp(' per text', '{"text": ..., "labels": [{"label", "score"}, ...]}'),
    ],
    examples: [
      'zero-shot -m ./my-nli-model -l sports,politics "Who won?"',
      'zero-shot -m ./my-nli-model -l urgent -f mails.txt',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const labels = values.labels?.join(',') ?? '';
    if (labels.replaceAll(',', '').trim() === '') {
      throw new UsageError('Cannot read arguments: found no --labels, expected at least one');
    }
    const most = values['top-k'] === 'all' ? undefined : positiveInteger('top-k', values['top-k']);
    const options = { hypothesis_template: values.template, multi_label: values['multi-label'] };
    const choice = chooseModel('zero-shot-classification', values);
    const batches = await textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const classifier = await loadPipeline(choice, status);
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Classified',
        async work(texts) {
          const results = await classifier(texts, labels, options);
          return results.map(({ sequence, labels, scores }) => ({
            text: sequence,
            labels: labels.map((label, i) => ({ label, score: scores[i]! })).slice(0, most),
          }));
        },
        table: (all, style) => labelTable(all, true, style),
      });
    });
  },
};
