/**
 * Golden calls of test/golden/pipelines-2, and the checkpoints of hashed weights that gave them.
 */
import { readFileSync } from 'node:fs';
import type { Source } from '../../../src/hub/source.ts';
import { hashedTensor } from '../../support/hashed-weights.ts';
import { fileOfTensors } from '../weights/safetensors-file.ts';

/** The parts of a checkpoint. */
export interface CheckpointRecord {
  readonly config: object;
  /** Shapes of the tensors by name; their elements are hashes. */
  readonly shapes: Readonly<Record<string, number[]>>;
  /** Number of tokens that the tokenizer cuts texts to. */
  readonly model_max_length: number;
}

/** One file of test/golden/pipelines-2. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(`test/golden/pipelines-2/${name}.json`, 'utf8')) as T;
}

/** The checkpoint as a map of files, with the released vocabulary. */
export function hashedCheckpoint({
  config,
  shapes,
  model_max_length,
}: CheckpointRecord): Record<string, Uint8Array | object> {
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const bytes = new Uint8Array(hashedTensor(name, shape).buffer);
    return [name, { dtype: 'F32', shape, bytes }];
  });
  return {
    'config.json': config,
    'model.safetensors': fileOfTensors(Object.fromEntries(tensors)),
    'vocab.txt': new Uint8Array(readFileSync('models/banking77-intents/vocab.txt')),
    'tokenizer_config.json': { model_max_length },
  } satisfies Source;
}
