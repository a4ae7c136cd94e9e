/**
 * Saves models for tools/check/saved.py, which opens them in Python:
 * `node tools/check/saved.js FOLDER`, after a build.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const CASES = 'test/golden/models';
const classes = { ...(await import('../../build/js/index.js')) };
const [, , folder] = process.argv;
if (!folder) throw new Error('usage: node tools/check/saved.js FOLDER');

/** Changes to a model before it is saved, by the suffix of its folder's name. */
const WAYS = {
  '': (model) => model,
  '-more-words': async (model) => {
    await model.resize_token_embeddings(model.config.vocab_size + 5);
    return model;
  },
  '-fp16': async (model, load) =>
    // Loaded twice, because saving rounds vectors to half precision.
    load(await (await load(await model.save_files(), 'fp16')).save_files(), 'fp16'),
};

for (const name of readdirSync(CASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)) {
  const { checkpoint, head, ...rest } = JSON.parse(readFileSync(`${CASES}/${name}/case.json`));
  if (checkpoint !== name || head.endsWith('MultipleChoice')) continue;
  // Python adds a pooler where the file has none.
  if (rest.addPoolingLayer === false) continue;
  const load = (source, dtype) => classes[head].from_pretrained(source, { dtype });
  for (const [ending, change] of Object.entries(WAYS)) {
    const model = await change(await load(`${CASES}/${name}`), load);
    await save(model, path.join(folder, name + ending), name.length % 2 ? '12KB' : '50GB');
    await model.dispose();
  }
}

async function save(model, target, max_shard_size) {
  const input_ids = [[1, 0, 1, 1, 0].map((id) => id % model.config.vocab_size)].map((ids) =>
    ids.slice(0, model.config.max_position_embeddings),
  );
  const [[output, { data, dims }]] = Object.entries(await model({ input_ids }));
  mkdirSync(target, { recursive: true });
  await model.save_pretrained(target, { write: writeFileSync, max_shard_size });
  writeFileSync(path.join(target, 'ids.json'), JSON.stringify(input_ids));
  const answer = { name: output, data: [...data], dims };
  writeFileSync(path.join(target, 'answer.json'), JSON.stringify(answer));
}
