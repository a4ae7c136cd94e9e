/**
 * Compiles assembly/index.ts and assembly/testing.ts for every target of asconfig.json:
 * build/wasm/<target>.wasm is shipped, build/wasm/testing.<target>.wasm is for tests and benches. The
 * target `calibration` has an entry of its own, assembly/calibration.ts.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import asc from 'assemblyscript/asc';

const { targets } = JSON.parse(readFileSync('asconfig.json', 'utf8'));
mkdirSync('build/wasm', { recursive: true });

for (const target of Object.keys(targets)) {
  if (target === 'calibration') await compile('calibration', target, target);
  else {
    await compile('index', target, target);
    await compile('testing', target, `testing.${target}`);
  }
}

async function compile(entry, target, name) {
  const { error, stderr } = await asc.main([
    `assembly/${entry}.ts`,
    ...['--config', 'asconfig.json', '--target', target],
    ...['--outFile', `build/wasm/${name}.wasm`, '--textFile', `build/wasm/${name}.wat`],
  ]);
  const report = stderr.toString();
  if (report) process.stderr.write(report);
  if (error) throw new Error(`Cannot compile assembly/${entry}.ts for ${target}: ${error.message}`);
}
