/**
 * The models that examples answer with: the bundled ones in q8 as the package has them, one of made-up
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
import { ROUTES } from '../../../examples/http/handler.js';
import { ROOT } from './paths.js';

const PACKED = path.join(ROOT, 'build/models');
const ANY = 'banking77-intents';

const CLASSES = {
  'text-classification': MobileBertForSequenceClassification,
  'token-classification': MobileBertForTokenClassification,
  'question-answering': MobileBertForQuestionAnswering,
};

const SMALL = { num_hidden_layers: 2 };

/** A model for every route of the examples, by the folder that the route names. */
export async function makeModels(folder) {
  for (const { task, model } of Object.values(ROUTES)) {
    const packed = path.join(PACKED, model);
    const to = path.join(folder, model);
    if (existsSync(packed)) await cp(packed, to, { recursive: true });
    else await makeModel(to, new CLASSES[task](SMALL, { seed: 1, dtype: 'q8' }));
  }
}

/** In place of the classifier a model of 24 layers and 512 channels. */
export function makeFullSize(folder) {
  const model = new MobileBertForSequenceClassification({}, { seed: 1, dtype: 'q8' });
  return makeModel(path.join(folder, ROUTES['/classify'].model), model);
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
