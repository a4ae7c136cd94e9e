/** `npx mobilebert-wasm choose`: finds the likeliest of several continuations of a text. */

import { parseArguments, positiveInteger } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp } from '../help.ts';
import type { Command } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
import { choiceTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { groupsOf } from '../texts.ts';

const OPTIONS = {
  ...MODEL_OPTIONS,
  'top-k': { type: 'string', short: 'k', default: 'all' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const choose: Command = {
  help: helpText({
    about: [
      'Finds the likeliest of several continuations of a text, with a model for multiple choice: endings of a story, answers to a question.',
    ],
    usage: ['choose --model SOURCE [OPTIONS] [TEXT CHOICE CHOICE...]'],
    notes: [
      'A text and its choices are the arguments, or a line of a file or of standard input, with tabs between them. Blank lines are skipped.',
    ],
    options: [
      ...modelHelp(),
      ['-k, --top-k N', 'choices per text, best first, or "all" (default)'],
      fileHelp('texts with their choices'),
      jsonHelp(' per text', '{"text", "choices": [{"choice", "index", "score"}]}'),
    ],
    examples: [
      'choose -m ./my-model "It fell." "It broke." "It flew."',
      'choose -m ./my-model --file stories.tsv --top-k 1 --json',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const top_k = values['top-k'] === 'all' ? null : positiveInteger('top-k', values['top-k']);
    const choice = chooseModel('multiple-choice', values);
    const names = ['TEXT', 'CHOICE', 'CHOICE...'];
    const batches = await groupsOf(positionals, values.file, names, io);
    return withStatus(io.stderr, async (status) => {
      const rank = await loadPipeline(choice, status);
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Read',
        table: choiceTable,
        async work(groups) {
          const texts = groups.map(([text]) => text!);
          const found = await rank(
            texts,
            groups.map(([, ...choices]) => choices),
            { top_k },
          );
          return texts.map((text, i) => ({ text, choices: found[i]! }));
        },
      });
    });
  },
};
