/** The package's dependencies: none by name, and the licences of those that the build bundles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The tool is JavaScript, which the compiler does not read. */
const { LIBRARIES, vendor } = (await import(
  new URL('../../tools/build/vendor.js', import.meta.url).href
)) as {
  LIBRARIES: Record<string, object>;
  vendor(folder: string): Promise<string[]>;
};

const BUILD = 'build/js';

describe('build/js', () => {
  const files = readdirSync(BUILD, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(js|d\.ts)$/.test(file))
    .map((file) => path.join(BUILD, file));

  it('imports nothing but its own files, #platform and what Node has', () => {
    const foreign = files.flatMap((file) =>
      specifiersOf(file)
        .filter((specifier) => !/^(\.\.?\/|node:|#platform$)/.test(specifier))
        .map((specifier) => `${file}: ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  it('has every relative import', () => {
    const missing = files.flatMap((file) =>
      specifiersOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => path.join(path.dirname(file), specifier.replace(/\.ts$/, '.d.ts')))
        .filter((target) => !existsSync(target)),
    );
    expect(missing).toEqual([]);
  });

  it('has vendored modules that begin with their licences', () => {
    const modules = files.filter((file) => /^build.js.vendor.*\.js$/.test(file));
    expect(modules).not.toEqual([]);
    for (const file of modules) expect(readFileSync(file, 'utf8')).toMatch(LICENSE);
  });
});

describe('NOTICE', () => {
  const notice = readFileSync('NOTICE', 'utf8');

  it.each(Object.keys(LIBRARIES))('names %s, its version and its licence', async (library) => {
    const manifest = await readFile(`node_modules/${library}/package.json`, 'utf8');
    const { version, license } = JSON.parse(manifest);
    const entry = notice.split(`\n${library} ${version}\n`)[1]?.split('\n\n')[0];
    expect(entry).toContain(license);
    expect(entry).toContain('Copyright');
  });
});

describe('vendor()', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'vendor-'));
    await mkdir(path.join(folder, 'a'));
    await writeFile(path.join(folder, 'package.json'), '{"type": "module"}');
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = (file: string, text: string) => writeFile(path.join(folder, file), text);
  const get = (file: string) => readFile(path.join(folder, file), 'utf8');
  const load = (file: string) => import(pathToFileURL(path.join(folder, file)).href);

  it.each([
    [
      '@noble/hashes',
      "import { sha256 } from '@noble/hashes/sha2.js';\nimport { bytesToHex as hex } from '@noble/hashes/utils.js';\nexport const result = hex(sha256(new Uint8Array()));",
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ],
    [
      'string-width',
      "import width from 'string-width';\nexport const result = width('古\u0301');",
      2,
    ],
    [
      'string-width',
      "const { default: width } = await import('string-width');\nexport const result = width('dynamic');",
      7,
    ],
    [
      '@assemblyscript/loader',
      "export * from '@assemblyscript/loader';\nexport const result = true;",
      true,
    ],
  ])('bundles %s with its licence, and lets imports lead there', async (library, code, result) => {
    await put('a/x.js', `// \u00e9 \u{1f600} import 'left-pad';\n${code}`);
    const [written] = await vendor(folder);
    expect(written).toBe(
      path.join(folder, 'vendor', `${library.replace(/^@/, '').replace('/', '-')}.js`),
    );
    const text = readFileSync(written!, 'utf8');
    expect(text).toMatch(LICENSE);
    expect(text.startsWith(`/*!\n * ${library} `)).toBe(true);
    expect((await load('a/x.js')).result).toBe(result);
    expect(specifiersOf(written!).filter((specifier) => !specifier.startsWith('node:'))).toEqual(
      [],
    );
  });

  it('bundles no more than is imported, and nothing where nothing is', async () => {
    await put('x.js', "import './a/y.js';\nimport 'node:fs';\nimport '#platform';");
    expect(await vendor(folder)).toEqual([]);
    await put('x.js', "export { sha1 } from '@noble/hashes/legacy.js';");
    await vendor(folder);
    expect(Object.keys(await load('vendor/noble-hashes.js'))).toEqual(['sha1']);
    expect(await get('vendor/noble-hashes.js')).not.toMatch(/\b(md5|ripemd160|sha512) =/);
    expect(await get('x.js')).toBe("export { sha1 } from './vendor/noble-hashes.js';");
  });

  it('copies declarations where ours name types', async () => {
    await put('a/x.d.ts', 'export declare const util: import("@assemblyscript/loader").ASUtil;');
    await vendor(folder);
    expect(await get('a/x.d.ts')).toContain("import('../vendor/assemblyscript-loader.js').ASUtil");
    expect(await get('vendor/assemblyscript-loader.d.ts')).toContain('interface ASUtil');
    await put(
      'a/x.d.ts',
      "import type { CHash } from '@noble/hashes/utils.js';\nexport type { CHash };",
    );
    await put('a/y.d.ts', "export type { sha1 } from '@noble/hashes/legacy.js';");
    await expect(vendor(folder)).rejects.toThrow('Cannot vendor the types of @noble/hashes');
  });

  it.each(["import 'left-pad';", "export * from 'fs';", "await import('@noble/curves/p256.js');"])(
    'refuses %s',
    async (code) => {
      await put('a/x.js', code);
      await expect(vendor(folder)).rejects.toThrow(/found no such library .* expected one of @/);
    },
  );

  it('refuses one name of two modules', async () => {
    await put('a.js', "import { sha256 } from '@noble/hashes/sha2.js';");
    await put(
      'b.js',
      "import * as all from '@noble/hashes/sha2.js';\nimport { sha1 } from '@noble/hashes/legacy.js';",
    );
    await vendor(folder);
    await put(
      'a.js',
      "import { hmac } from '@noble/hashes/hmac.js';\nimport * as all from '@noble/hashes/webcrypto.js';",
    );
    await expect(vendor(folder)).rejects.toThrow('Cannot vendor "hmac" of');
  });
});

/** A short notice of all packages, which bundlers keep, then the licences or where they are. */
const LICENSE =
  /^\/\*!\n( \* \S+ \d+\.\d+\.\d+ \((MIT|Apache-2\.0)\), Copyright .*\n)+ \*\/\n\/\*\n \* \S+ ((?!\*\/)[\s\S])*(Permission is hereby granted|LICENSE of this package has its text)/;

/** What a file imports, comments left out. */
function specifiersOf(file: string): string[] {
  const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found = code.matchAll(/(?:\bfrom|\bimport\s*\(?)\s*(['"])([\w@#./:-]+)\1/g);
  return Array.from(found, ([, , specifier]) => specifier!);
}
