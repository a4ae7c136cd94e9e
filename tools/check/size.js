/**
 * Checks download sizes against the budgets in package.json's `sizeLimits`, in bytes after gzip:
 *
 * - "file.js": the entry, bundled and minified with all its static imports
 * - "file.js { name }": the same, reduced to what the import of `name` needs
 * - "file.wasm": the file itself; "folder/*.wasm" holds for each file there
 * - "npm pack": the tarball with its models
 *
 *     node tools/check/size.js [--files build/js/tokenizer/api/entry.js]
 *
 * --files prints instead how much smaller an entry would be without each of its files.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const { files } = parseArgs({ options: { files: { type: 'string' } } }).values;
await (files ? printFiles(files) : checkLimits());

async function checkLimits() {
  const { sizeLimits } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const [key, limit] of Object.entries(sizeLimits).flatMap(expanded)) {
    const size = key === 'npm pack' ? packed() : await zipped(key);
    console.log(`${key.padEnd(36)} ${String(size).padStart(8)} of ${limit} bytes`);
    if (size > limit) process.exitCode = 1;
  }
}

/** A limit of "folder/*.ext" holds for each file there. */
function expanded([key, limit]) {
  const [, folder, ending] = /^(.*)\/\*(\.\w+)$/.exec(key) ?? [];
  if (!folder) return [[key, limit]];
  const names = readdirSync(folder).filter((name) => name.endsWith(ending));
  return names.map((name) => [`${folder}/${name}`, limit]);
}

/** The cost of every file of an entry and of what only that file imports, largest first. */
async function printFiles(entry) {
  const { code, modules } = await bundled(entry);
  const whole = gzipped(code);
  const costs = [];
  for (const module of modules) {
    const { code } = await bundled(entry, '*', module);
    costs.push([path.relative('build/js', module), whole - gzipped(code)]);
  }
  costs.sort(([, a], [, b]) => b - a);
  for (const [name, cost] of [...costs, [entry, whole]]) {
    console.log(`${name.padEnd(36)} ${String(cost).padStart(8)} bytes`);
  }
}

/** Bytes of the tarball. */
function packed() {
  const args = ['pack', '--dry-run', '--ignore-scripts', '--json', '--loglevel=error'];
  const isWindows = process.platform === 'win32';
  return JSON.parse(execFileSync('npm', args, { encoding: 'utf8', shell: isWindows }))[0].size;
}

async function zipped(key) {
  const [file, names] = key.split(/ (?={)/);
  return gzipped(file.endsWith('.js') ? (await bundled(file, names)).code : readFileSync(file));
}

function gzipped(bytes) {
  return gzipSync(bytes, { level: 9 }).length;
}

/** An entry with its static imports, as a browser's bundle has it; `without` is left empty. */
async function bundled(file, names = '*', without = undefined) {
  const entry = `\0${file}`;
  const code = `export ${names} from ${JSON.stringify(path.resolve(file))};`;
  const plugin = {
    name: 'entry',
    resolveId: (id) => (id === entry ? id : undefined),
    load(id) {
      if (id === entry) return code;
      return id === without ? '' : undefined;
    },
  };
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    logLevel: 'silent',
    shimMissingExports: without !== undefined,
    plugins: [plugin],
  });
  const { output } = await bundle.generate({ minify: true, comments: false, format: 'esm' });
  await bundle.close();
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const needed = new Set(output.filter((chunk) => chunk.isEntry));
  for (const { imports } of needed) {
    for (const name of imports) if (chunks.has(name)) needed.add(chunks.get(name));
  }
  const all = Array.from(needed);
  return {
    code: all.map(({ code }) => code).join(''),
    modules: all.flatMap(({ moduleIds }) => moduleIds).filter((id) => id !== entry),
  };
}
