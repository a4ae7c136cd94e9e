/**
 * Compiles the modules of src/builds.ts, each by its target of asconfig.json. build/wasm/<build>.wasm is
 * shipped. build/testing has what is for tests and benches alone: builds that are not shipped, every build with
 * its kernels exported (testing.<build>.wasm), and the text of all of them.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import asc from 'assemblyscript/asc';
import { abilitiesOf, BUILDS } from '../build/js/builds.js';
import { targetOf } from './build/modules.js';

const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
mkdirSync('build/wasm', { recursive: true });
mkdirSync('build/testing', { recursive: true });

for (const [name, traits] of Object.entries(BUILDS)) {
  targetOf(name, traits, targets);
  const folder = traits.ships === 'never' ? 'testing' : 'wasm';
  const isForModels = abilitiesOf(traits).hasQuantized;
  await compile(isForModels ? 'index' : name, name, `build/${folder}/${name}.wasm`);
  if (isForModels) await compile('testing', name, `build/testing/testing.${name}.wasm`);
}

async function compile(entry, target, file) {
  const text = file.replace(/^.*\/(.*)\.wasm$/, 'build/testing/$1.wat');
  const { error, stderr } = await asc.main([
    `assembly/${entry}.ts`,
    ...['--config', 'asconfig.json', '--target', target],
    ...['--outFile', file, '--textFile', text],
  ]);
  const report = stderr.toString();
  if (report) process.stderr.write(report);
  if (error) throw new Error(`Cannot compile assembly/${entry}.ts for ${target}: ${error.message}`);
}
