/** `mobilebert zero-shot`: texts and labels of one's choice -> labels with scores. */

import { parseArguments, positiveInteger, UsageError } from '../arguments.ts';
import { formatLabels } from '../format-labels.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS } from '../load-pipeline.ts';
import { printResults } from '../print-results.ts';
import type { Command } from '../run.ts';
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
  help: `\
Labels texts with labels of your choice, by a model of natural language inference.

Usage: mobilebert zero-shot --model SOURCE --labels LABELS [OPTIONS] [TEXT...]

Texts are the arguments, or lines of a file or of standard input; blank lines are skipped.

${MODEL_HELP}
  -l, --labels LABELS  labels between commas; may be given several times
  -t, --template TEXT  what becomes of a label {} (default "This example is {}.")
      --multi-label    score each label by itself, as several may be true
  -k, --top-k N        labels for each text, best first, or "all" (default)
  -f, --file FILE      read texts from a file, one per line; "-" is standard input
      --json           one object per text: {"text": ..., "labels": [{"label", "score"}, ...]}
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const labels = values.labels?.join(',') ?? '';
    if (labels.replaceAll(',', '').trim() === '') {
      throw new UsageError('Cannot read arguments: found no --labels, expected at least one');
    }
    const most = values['top-k'] === 'all' ? undefined : positiveInteger('top-k', values['top-k']);
    const options = { hypothesis_template: values.template, multi_label: values['multi-label'] };
    const steps = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const classifier = await loadPipeline('zero-shot-classification', values, undefined, status);
      await printResults(io, status, {
        steps,
        isJson: values.json,
        done: 'Classified',
        async work(texts) {
          const results = await classifier(texts, labels, options);
          return results.map(({ sequence, labels, scores }) => ({
            text: sequence,
            labels: labels.map((label, i) => ({ label, score: scores[i]! })).slice(0, most),
          }));
        },
        table: (all, style) => formatLabels(all, true, style),
      });
    });
  },
};
