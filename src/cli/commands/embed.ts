/** `mobilebert embed`: texts -> one vector each, as JSON lines or, in short, as a table. */

import { POOLINGS } from '../../pipelines/feature-extraction.ts';
import { oneOf, parseArguments } from '../arguments.ts';
import { formatVectors } from '../format-vectors.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS } from '../load-pipeline.ts';
import { printResults } from '../print-results.ts';
import type { Command } from '../run.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The model where none is named. */
const BUNDLED = 'banking77-intents';

const ONE_EACH = POOLINGS.filter((pooling) => pooling !== 'none');

const OPTIONS = {
  ...MODEL_OPTIONS,
  pooling: { type: 'string', short: 'p', default: 'mean' },
  normalize: { type: 'boolean', short: 'n' },
  precision: { type: 'string', default: 'float32' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
} as const;

export const embed: Command = {
  help: `\
Turns texts into vectors. Without --model: the encoder of the bundled intents of bank customers.

Usage: mobilebert embed [OPTIONS] [TEXT...]

Texts are the arguments, or lines of a file or of standard input; blank lines are skipped.

${MODEL_HELP}
  -p, --pooling NAME   mean (default), cls or last_token
  -n, --normalize      bring vectors to length 1
      --precision P    float32 (default), or bits packed as binary (int8) or ubinary (uint8)
  -f, --file FILE      read texts from a file, one per line; "-" is standard input
      --json           one object per text, with all numbers: {"text": ..., "embedding": [...]}
  -h, --help           this text
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const pooling = oneOf('pooling', values.pooling, ONE_EACH);
    const wanted = oneOf('precision', values.precision, ['float32', 'binary', 'ubinary']);
    const precision = wanted === 'float32' ? undefined : wanted;
    const options = { pooling, precision, normalize: values.normalize, quantize: !!precision };
    const steps = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const extract = await loadPipeline('feature-extraction', values, BUNDLED, status);
      await printResults(io, status, {
        steps,
        isJson: values.json,
        done: 'Embedded',
        async work(texts) {
          const vectors = (await extract(texts, options)).tolist() as number[][];
          return texts.map((text, i) => ({ text, embedding: vectors[i]! }));
        },
        table: formatVectors,
      });
    });
  },
};
