/**
 * The models of the examples: the bundled ones in q8 as the package has them, one with random
 * weights where the package has none for a task, and one of the released size.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  MobileBertForQuestionAnswering,
  MobileBertForSequenceClassification,
  MobileBertForTokenClassification,
} from '../../../build/js/index.js';
import { ROOT } from './paths.js';

const PACKED = path.join(ROOT, 'build/models');
const ANY = 'banking77-intents';

/** Classes by the folder names that the examples use. */
const CLASSES = {
  'banking77-intents': MobileBertForSequenceClassification,
  'restaurant8k-slots': MobileBertForTokenClassification,
  'restaurant8k-answers': MobileBertForQuestionAnswering,
};

const SMALL = { num_hidden_layers: 2 };

/** Writes all models of the examples. */
export async function makeModels(folder) {
  for (const [name, Class] of Object.entries(CLASSES)) {
    const packed = path.join(PACKED, name);
    const to = path.join(folder, name);
    if (existsSync(packed)) await cp(packed, to, { recursive: true });
    else await makeModel(to, new Class(SMALL, { seed: 1, dtype: 'q8' }));
  }
}

/** Writes a model of 24 layers and 512 channels in place of the classifier. */
export function makeFullSize(folder) {
  const model = new MobileBertForSequenceClassification({}, { seed: 1, dtype: 'q8' });
  return makeModel(path.join(folder, ANY), model);
}

async function makeModel(folder, model) {
  await mkdir(folder, { recursive: true });
  for (const file of ['vocab.txt', 'tokenizer_config.json']) {
    await cp(path.join(PACKED, ANY, file), path.join(folder, file));
  }
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(model.config));
  const chunks = Array.from(await model.packed(), (chunk) => chunk.slice());
  await writeFile(path.join(folder, 'model.q8.safetensors'), Buffer.concat(chunks));
  await model.dispose();
}
