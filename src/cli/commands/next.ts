/** `npx mobilebert-wasm next`: tells whether one text follows another. */

import { parseArguments } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp } from '../help.ts';
import type { Command } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
import { nextTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { groupsOf } from '../texts.ts';

const OPTIONS = {
  ...MODEL_OPTIONS,
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const next: Command = {
  help: helpText({
    about: [
      'Tells whether one text follows another, with a model that was trained on the next sentence, such as google/mobilebert-uncased.',
    ],
    usage: ['next --model SOURCE [OPTIONS] [TEXT NEXT]'],
    notes: [
      'The two texts are the arguments, or a line of a file or of standard input, with a tab between them. Blank lines are skipped.',
    ],
    options: [
      ...modelHelp(),
      fileHelp('pairs'),
      jsonHelp(' per pair', '{"text", "next", "is_next", "score"}'),
    ],
    examples: [
      'next -m ./my-model "I lost my card." "Send a new one."',
      'next -m ./my-model --file pairs.tsv --json',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const choice = chooseModel('next-sentence-prediction', values);
    const batches = await groupsOf(positionals, values.file, ['TEXT', 'NEXT'], io);
    return withStatus(io.stderr, async (status) => {
      const follows = await loadPipeline(choice, status);
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Compared',
        table: nextTable,
        async work(pairs) {
          const [texts, nexts] = [0, 1].map((i) => pairs.map((pair) => pair[i]!));
          const found = await follows(texts!, nexts!);
          return pairs.map(([text, next], i) => ({ text: text!, next: next!, ...found[i]! }));
        },
      });
    });
  },
};
