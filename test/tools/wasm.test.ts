/** What the build compiles: modules whose sources, target or own bytes are other than at the last build. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Two builds of two tiny entries, so that a compilation takes a second. */
const BUILDS = `
export const BUILDS = { simd: { ships: 'everywhere', constants: { A: 0 } } };
export const abilitiesOf = () => ({ hasQuantized: true });
`;
const ASCONFIG = {
  options: { runtime: 'stub', noExportRuntime: true },
  targets: { simd: { use: ['A=0'] } },
};
const SOURCES = {
  'index.ts':
    "import { one } from './kernels/one';\nexport function f(): i32 {\n  return one();\n}\n",
  'testing.ts': "export { f } from './index';\nexport { two } from './kernels/two';\n",
  'kernels/one.ts': 'export function one(): i32 {\n  return 1;\n}\n',
  'kernels/two.ts': 'export function two(): i32 {\n  return 2;\n}\n',
};

let folder = '';
const source = (file: string) => path.join(folder, 'assembly', file);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mobilebert-'));
  for (const place of ['assembly/kernels', 'build/js', 'tools/build']) {
    mkdirSync(path.join(folder, place), { recursive: true });
  }
  for (const [file, text] of Object.entries(SOURCES)) writeFileSync(source(file), text);
  writeFileSync(path.join(folder, 'asconfig.json'), JSON.stringify(ASCONFIG));
  writeFileSync(path.join(folder, 'build/js/builds.js'), BUILDS);
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  for (const file of ['wasm.js', 'modules.js']) {
    cpSync(`tools/build/${file}`, path.join(folder, 'tools/build', file));
  }
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs buildModules() in the folder; returns what it compiled. */
function build(isWanted = '() => true'): { name: string; changed: string[] }[] {
  const url = (file: string) => pathToFileURL(path.join(folder, file)).href;
  const program = `
    const { buildModules } = await import('${url('tools/build/wasm.js')}');
    const built = await buildModules(await import('${url('build/js/builds.js')}'), ${isWanted});
    console.log(JSON.stringify(built.map(({ name, changed }) => ({ name, changed }))));
  `;
  const script = path.join(folder, 'build.mjs');
  writeFileSync(script, program);
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout).sort((a: { name: string }, b: { name: string }) =>
    a.name < b.name ? -1 : 1,
  );
}

const f = async (module: string, name: string) => {
  const bytes = readFileSync(path.join(folder, 'build', `${module}.wasm`));
  const { instance } = await WebAssembly.instantiate(bytes);
  return (instance.exports[name] as () => number)();
};

describe('buildModules()', () => {
  it('compiles what is missing, and nothing twice', async () => {
    expect(build()).toEqual([
      { name: 'simd', changed: [] },
      { name: 'testing.simd', changed: [] },
    ]);
    expect(await f('wasm/simd', 'f')).toBe(1);
    expect(build()).toEqual([]);
  });

  it('compiles a module after a change of a source that its entry imports, and says which', async () => {
    writeFileSync(
      source('kernels/two.ts'),
      SOURCES['kernels/two.ts'].replace('return 2', 'return 22'),
    );
    const changed = ['assembly/kernels/two.ts'];
    expect(build()).toEqual([{ name: 'testing.simd', changed }]);
    expect(await f('testing/testing.simd', 'two')).toBe(22);
  });

  it('compares contents: a checkout that only changes times is no change', () => {
    for (const [file, text] of Object.entries(SOURCES)) {
      if (file !== 'kernels/two.ts') writeFileSync(source(file), text);
    }
    expect(build()).toEqual([]);
  });

  it('compiles the wanted modules only, and the others when they are wanted', () => {
    writeFileSync(
      source('kernels/one.ts'),
      SOURCES['kernels/one.ts'].replace('return 1', 'return 11'),
    );
    const changed = ['assembly/kernels/one.ts'];
    expect(build("(name) => name === 'testing.simd'")).toEqual([{ name: 'testing.simd', changed }]);
    expect(build()).toEqual([{ name: 'simd', changed }]);
  });

  it('compiles after a change of the target, and in place of a module that is another one', () => {
    const options = { ...ASCONFIG.options, optimizeLevel: 1 };
    writeFileSync(path.join(folder, 'asconfig.json'), JSON.stringify({ ...ASCONFIG, options }));
    expect(build().map(({ changed }) => changed)).toEqual([
      ['target simd of asconfig.json'],
      ['target simd of asconfig.json'],
    ]);
    const file = path.join(folder, 'build/wasm/simd.wasm');
    writeFileSync(file, readFileSync(path.join(folder, 'build/testing/testing.simd.wasm')));
    expect(build()).toEqual([{ name: 'simd', changed: ['build/wasm/simd.wasm'] }]);
  });

  it('leaves no module that looks up to date where a source does not compile', () => {
    const broken = SOURCES['kernels/one.ts'].replace('return 1', 'return nothing');
    writeFileSync(source('kernels/one.ts'), broken);
    expect(() => build()).toThrow('Cannot compile assembly/');
    expect(() => build()).toThrow('Cannot compile assembly/');
    writeFileSync(source('kernels/one.ts'), SOURCES['kernels/one.ts']);
    expect(build().map(({ name }) => name)).toContain('simd');
  });
});
