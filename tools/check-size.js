/**
 * Holds what is downloaded to the budgets of package.json's `sizeLimits`, in bytes after gzip: entries
 * bundled and minified, whole or what one import of them needs ("file { name }"), with all that is not
 * loaded on demand; modules as they are; and "npm pack", the package with its models.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const { sizeLimits } = JSON.parse(readFileSync('package.json', 'utf8'));

for (const [key, limit] of Object.entries(sizeLimits)) {
  const size = key === 'npm pack' ? packed() : await zipped(key);
  console.log(`${key.padEnd(36)} ${String(size).padStart(8)} of ${limit} bytes`);
  if (size > limit) process.exitCode = 1;
}

/** Bytes of the tarball. */
function packed() {
  const args = ['pack', '--dry-run', '--ignore-scripts', '--json', '--loglevel=error'];
  const isWindows = process.platform === 'win32';
  return JSON.parse(execFileSync('npm', args, { encoding: 'utf8', shell: isWindows }))[0].size;
}

async function zipped(key) {
  const [file, names] = key.split(/ (?={)/);
  const bytes = file.endsWith('.js') ? await bundled(file, names) : readFileSync(file);
  return gzipSync(bytes, { level: 9 }).length;
}

/** An entry with all that it imports statically, as a browser's bundle has it. */
async function bundled(file, names = '*') {
  const entry = `\0${file}`;
  const code = `export ${names} from ${JSON.stringify(path.resolve(file))};`;
  const plugin = {
    name: 'entry',
    resolveId: (id) => (id === entry ? id : undefined),
    load: (id) => (id === entry ? code : undefined),
  };
  const bundle = await rolldown({
    input: entry,
    platform: 'browser',
    logLevel: 'silent',
    plugins: [plugin],
  });
  const { output } = await bundle.generate({ minify: true, format: 'esm' });
  await bundle.close();
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const needed = new Set(output.filter((chunk) => chunk.isEntry));
  for (const { imports } of needed) {
    for (const name of imports) if (chunks.has(name)) needed.add(chunks.get(name));
  }
  return Buffer.concat(Array.from(needed, ({ code }) => Buffer.from(code)));
}
