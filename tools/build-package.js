/**
 * The last step of the build, after the compilers: what the package has beside modules and JavaScript.
 *
 * - build/js/vendor: the libraries that src/ imports by name
 * - build/wasm/probe.wasm: the probe of relaxed SIMD, for hosts that compile nothing at run time
 * - build/wasm/inline.js: the modules as text, for `mobilebert-wasm/inline`
 * - build/models: the bundled models in q8, by the package's own converter
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { RELAXED_PROBE } from '../build/js/engine/features.js';
import { vendor } from './build/vendor.js';
import { packModels } from './pack-models.js';

await vendor('build/js');

writeFileSync('build/wasm/probe.wasm', Buffer.from(RELAXED_PROBE, 'base64'));

const lines = ['simd', 'dot', 'relaxed'].map((name) => {
  const text = readFileSync(`build/wasm/${name}.wasm`).toString('base64');
  return `export const ${name} =\n  '${text}';\n`;
});
writeFileSync('build/wasm/inline.js', lines.join(''));

packModels('models', 'build/models');
