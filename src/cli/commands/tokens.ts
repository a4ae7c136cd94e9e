/** `npx mobilebert-wasm tokens`: shows the tokens of texts, with ids and offsets, without a model. */

import { AutoTokenizer, type PreTrainedTokenizer } from '../../tokenizer/api/tokenizer.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp, TEXTS_NOTE } from '../help.ts';
import type { Command } from '../io.ts';
import { withNearFolders } from '../near-folders.ts';
import { bundledModel, printResults } from '../pipeline.ts';
import { type TokenizedText, tokenCountTable, tokenTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The default tokenizer: that of google/mobilebert-uncased. */
const BUNDLED = 'banking77-intents';

const OPTIONS = {
  model: { type: 'string', short: 'm' },
  plain: { type: 'boolean' },
  count: { type: 'boolean', short: 'c' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const tokens: Command = {
  help: helpText({
    about: ['Shows the tokens of texts. Reads only the tokenizer of a model.'],
    usage: ['tokens [OPTIONS] [TEXT...]'],
    notes: [TEXTS_NOTE],
    options: [
      [
        '-m, --model SOURCE',
        'the model: a folder, URL or Hugging Face Hub id (default: the vocabulary of google/mobilebert-uncased)',
      ],
      ['--plain', 'leave out [CLS] and [SEP]'],
      [
        '-c, --count',
        'show only the number of tokens per text, in red if the model would truncate the text',
      ],
      fileHelp('texts'),
      jsonHelp(' per text', '{"text", "tokens", "input_ids", "offsets"}'),
    ],
    examples: ['tokens "I lost my card in Rome"', 'tokens --count --file texts.txt'],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const source = values.model ?? bundledModel(BUNDLED);
    if (source === '') {
      throw new UsageError('Cannot load a tokenizer: found an empty --model, expected a source');
    }
    if (values.count && values.json) {
      throw new UsageError('Cannot read arguments: found both --count and --json, expected one');
    }
    const batches = await textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const tokenizer = await withNearFolders(source, () => AutoTokenizer.from_pretrained(source));
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Tokenized',
        work: async (texts) => texts.map((text) => tokensOf(text, tokenizer, !values.plain)),
        table: (all, style) =>
          values.count
            ? tokenCountTable(all, tokenizer.model_max_length, style)
            : all.map((one) => tokenTable(one, style)).join('\n'),
      });
    });
  },
};

/** @param isWhole whether to add [CLS] and [SEP] */
function tokensOf(text: string, tokenizer: PreTrainedTokenizer, isWhole: boolean): TokenizedText {
  const encoded = tokenizer(text, {
    ...{ add_special_tokens: isWhole, return_offsets_mapping: true, return_tensor: false },
  });
  const sequences = encoded.sequence_ids();
  const spans = encoded.offset_mapping as [number, number][];
  const offsets = spans.map((span, i) => (sequences[i] === null ? null : span));
  return { text, tokens: encoded.tokens(), input_ids: encoded.input_ids, offsets };
}
