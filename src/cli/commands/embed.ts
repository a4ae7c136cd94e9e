/** `mobilebert embed`: turns each text into one vector. */

import { POOLINGS } from '../../pipelines/feature-extraction.ts';
import { oneOf, parseArguments } from '../arguments.ts';
import type { Command } from '../io.ts';
import { loadPipeline, MODEL_HELP, MODEL_OPTIONS, printResults } from '../pipeline.ts';
import { vectorTable } from '../result-tables.ts';
import { withStatus } from '../status-line.ts';
import { textsOf } from '../texts.ts';

/** The default model. */
const BUNDLED = 'banking77-intents';

/** Poolings that give one vector per text. */
const ONE_VECTOR = POOLINGS.filter((pooling) => pooling !== 'none');

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
Turns texts into vectors (embeddings). The default model was trained on
questions of bank customers.

Usage: mobilebert embed [OPTIONS] [TEXT...]

Texts are the arguments, or the lines of a file or of standard input. Blank
lines are skipped.

${MODEL_HELP}
  -p, --pooling NAME   which token vectors make the vector of a text: mean (of
                       all, default), cls (the first) or last_token
  -n, --normalize      scale vectors to length 1
      --precision P    float32 (default), or one bit per component, packed:
                       binary (int8) or ubinary (uint8)
  -f, --file FILE      read texts from FILE, one per line ("-": standard input)
      --json           print one JSON object per text:
                       {"text": ..., "embedding": [...]}
  -h, --help           show this help
`,

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const pooling = oneOf('pooling', values.pooling, ONE_VECTOR);
    const wanted = oneOf('precision', values.precision, ['float32', 'binary', 'ubinary']);
    const precision = wanted === 'float32' ? undefined : wanted;
    const options = { pooling, precision, normalize: values.normalize, quantize: !!precision };
    const batches = textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const extract = await loadPipeline('feature-extraction', values, BUNDLED, status);
      await printResults(io, status, {
        batches,
        isJson: values.json,
        done: 'Embedded',
        async work(texts) {
          const vectors = (await extract(texts, options)).tolist() as number[][];
          return texts.map((text, i) => ({ text, embedding: vectors[i]! }));
        },
        table: vectorTable,
      });
    });
  },
};
