/** `mobilebert tokens`: shows the tokens of texts, with ids and offsets, without a model. */

import { AutoTokenizer, type PreTrainedTokenizer } from '../../tokenizer/api/tokenizer.ts';
import { parseArguments } from '../arguments.ts';
import type { Command } from '../io.ts';
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
  help: `\
Shows the tokens of texts. Reads only the tokenizer of a model.

Usage: mobilebert tokens [OPTIONS] [TEXT...]

Texts are the arguments, or the lines of a file or of standard input. Blank
lines are skipped.

  -m, --model SOURCE   the model: a folder, URL or Hugging Face Hub id
                       (default: the vocabulary of google/mobilebert-uncased)
      --plain          leave out [CLS] and [SEP]
  -c, --count          show only the number of tokens per text, in red if the
                       model would truncate the text
  -f, --file FILE      read texts from FILE, one per line ("-": standard input)
      --json           print one JSON object per text:
                       {"text", "tokens", "input_ids", "offsets"}
  -h, --help           show this help
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const batches = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const tokenizer = await AutoTokenizer.from_pretrained(values.model ?? bundledModel(BUNDLED));
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
