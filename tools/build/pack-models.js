/**
 * The bundled models as the package ships them: converted to q8 by `npx mobilebert-wasm convert`, with card
 * and licence. Full weights and test files stay in the repository.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const CLI = 'build/js/cli/main.js';
const WEIGHTS = 'model.safetensors';

/**
 * Packs every folder of `source` that has weights into a folder of the same name below `target`.
 *
 * @param {string} source such as `models`
 * @param {string} target is removed first
 */
export function packModels(source, target) {
  rmSync(target, { recursive: true, force: true });
  for (const name of readdirSync(source)) {
    const from = path.join(source, name);
    if (existsSync(path.join(from, WEIGHTS))) packModel(from, path.join(target, name));
  }
}

function packModel(from, to) {
  const output = execFileSync(process.execPath, [CLI, 'convert', '--json', from, to]);
  const { relative_error } = JSON.parse(output.toString());
  for (const file of readdirSync(from)) {
    if (/^LICENSE/.test(file)) cpSync(path.join(from, file), path.join(to, file));
  }
  const card = readFileSync(path.join(from, 'README.md'), 'utf8');
  const percent = (100 * relative_error).toPrecision(2);
  writeFileSync(
    path.join(to, 'README.md'),
    `${card.trimEnd()}

## In the npm package

The weights are in q8: \`model.q8.safetensors\`, made of \`${WEIGHTS}\` by \`npx mobilebert-wasm convert\`, ${percent} % from
it on probe texts. \`${WEIGHTS}\` and the test file are in the repository.
`,
  );
}
