/** `mobilebert tokens`: texts -> tokens with their ids and places, by a tokenizer alone. */

import { AutoTokenizer } from '../../tokenizer/api/tokenizer.ts';
import { parseArguments } from '../arguments.ts';
import { formatCounts, formatTokens, tokensOf } from '../format-tokens.ts';
import { bundledModel } from '../load-pipeline.ts';
import { printResults } from '../print-results.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The tokenizer where none is named: the one of all released MobileBERTs. */
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
Shows what a tokenizer makes of texts. Only the tokenizer of a model is read.

Usage: mobilebert tokens [OPTIONS] [TEXT...]

Texts are the arguments, or lines of a file or of standard input; blank lines are skipped.

  -m, --model SOURCE   folder, URL or hub id of the model (default: a bundled uncased one)
      --plain          without [CLS] and [SEP]
  -c, --count          only how many tokens each text has; red where a model would cut it
  -f, --file FILE      read texts from a file, one per line; "-" is standard input
      --json           one object per text: {"text", "tokens", "input_ids", "offsets"}
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const steps = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const tokenizer = await AutoTokenizer.from_pretrained(values.model ?? bundledModel(BUNDLED));
      await printResults(io, status, {
        steps,
        isJson: values.json,
        done: 'Tokenised',
        work: async (texts) => texts.map((text) => tokensOf(text, tokenizer, !values.plain)),
        table: (all, style) =>
          values.count
            ? formatCounts(all, tokenizer.model_max_length, style)
            : all.map((one) => formatTokens(one, style)).join('\n'),
      });
    });
  },
};
