/** `npx mobilebert-wasm embed`: turns each text into one vector. */

import { POOLINGS } from '../../pipelines/feature-extraction.ts';
import { oneOf, parseArguments } from '../arguments.ts';
import { fileHelp, helpText, jsonHelp, TEXTS_NOTE } from '../help.ts';
import type { Command } from '../io.ts';
import { chooseModel, loadPipeline, MODEL_OPTIONS, modelHelp, printResults } from '../pipeline.ts';
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
  help: helpText({
    about: [
      'Turns texts into vectors (embeddings). The default model was trained on questions of bank customers.',
    ],
    usage: ['embed [OPTIONS] [TEXT...]'],
    notes: [TEXTS_NOTE],
    options: [
      ...modelHelp(BUNDLED),
      [
        '-p, --pooling NAME',
        'which token vectors make the vector of a text: mean (of all, default), cls (the first) or last_token',
      ],
      ['-n, --normalize', 'scale vectors to length 1'],
      [
        '--precision P',
        'float32 (default), or one bit per component, packed: binary (int8) or ubinary (uint8)',
      ],
      fileHelp('texts'),
      jsonHelp(' per text', '{"text": ..., "embedding": [...]}'),
    ],
    examples: [
      'embed --normalize "I lost my card"',
      'embed --model ./my-model --file texts.txt --json',
    ],
  }),

  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const pooling = oneOf('pooling', values.pooling, ONE_VECTOR);
    const wanted = oneOf('precision', values.precision, ['float32', 'binary', 'ubinary']);
    const precision = wanted === 'float32' ? undefined : wanted;
    const options = { pooling, precision, normalize: values.normalize, quantize: !!precision };
    const choice = chooseModel('feature-extraction', values, BUNDLED);
    const batches = await textsOf(positionals, values.file, io);
    return withStatus(io.stderr, async (status) => {
      const extract = await loadPipeline(choice, status);
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
