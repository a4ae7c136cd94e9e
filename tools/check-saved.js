/**
 * Saves models for tools/check-saved.py to open: `node tools/check-saved.js FOLDER` (after a build).
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const CASES = 'test/golden/models';
const classes = { ...(await import('../build/js/index.js')) };
const [, , folder] = process.argv;
if (!folder) throw new Error('usage: node tools/check-saved.js FOLDER');

for (const name of readdirSync(CASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)) {
  const { checkpoint, head, ...rest } = JSON.parse(readFileSync(`${CASES}/${name}/case.json`));
  if (checkpoint !== name || head.endsWith('MultipleChoice')) continue;
  const options = { add_pooling_layer: rest.addPoolingLayer };
  const model = await classes[head].from_pretrained(`${CASES}/${name}`, options);
  // Python makes a pooler where the file has none.
  if (rest.addPoolingLayer === false) continue;
  const input_ids = [[1, 0, 1, 1, 0].map((id) => id % model.config.vocab_size)].map((ids) =>
    ids.slice(0, model.config.max_position_embeddings),
  );
  const [[output, { data, dims }]] = Object.entries(await model({ input_ids }));
  const target = path.join(folder, name);
  mkdirSync(target, { recursive: true });
  const shards = name.length % 2 ? { max_shard_size: '12KB' } : {};
  await model.save_pretrained(target, { write: writeFileSync, ...shards });
  writeFileSync(path.join(target, 'ids.json'), JSON.stringify(input_ids));
  const answer = { name: output, data: [...data], dims };
  writeFileSync(path.join(target, 'answer.json'), JSON.stringify(answer));
  await model.dispose();
}
