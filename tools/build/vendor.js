/**
 * Bundles the libraries that src/ imports by name into the package. So it has no dependencies, and
 * can be imported from a URL without an import map. Runs on the output of the TypeScript compiler:
 *
 * - writes vendor/<library>.js: one ES module of what is imported from a library, below its licence
 * - writes vendor/<library>.d.ts, the library's declarations, where ours name its types
 * - rewrites imports of libraries in all .js and .d.ts files to those files
 *
 * As a script, `node tools/build/vendor.js`, it does so in build/js: benches need no other step.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { parseSync } from 'rolldown/utils';

/**
 * The libraries that src/ may import. NOTICE must name each of them. `license` stands in for the licence file of a package that has none.
 */
export const LIBRARIES = {
  '@assemblyscript/loader': {
    license: `Copyright The AssemblyScript Authors.
Licensed under the Apache License, Version 2.0: LICENSE of this package has its text.`,
  },
  '@noble/hashes': {},
  'string-width': {},
};

/**
 * Vendors what the files of a folder import.
 *
 * @param {string} folder output of the TypeScript compiler
 * @returns {Promise<string[]>} the files written below `vendor`
 * @throws {Error} for an import that is neither relative, of Node, of package.json's `imports` nor
 *   of `LIBRARIES`
 */
export async function vendor(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(js|d\.ts)$/.test(file) && !/^vendor[\\/]/.test(file))
    .map((file) => path.join(folder, file));
  const imports = files.flatMap(bareImports);
  const written = [];
  for (const [library, own] of groupBy(imports, 'library')) {
    const base = path.join(folder, 'vendor', fileName(library));
    const [types, values] = [own.filter(isDeclared), own.filter((found) => !isDeclared(found))];
    mkdirSync(path.dirname(base), { recursive: true });
    if (values.length > 0) {
      writeFileSync(`${base}.js`, await bundle(library, values));
      written.push(`${base}.js`);
    }
    if (types.length > 0) {
      writeFileSync(`${base}.d.ts`, declarationsOf(library, types));
      written.push(`${base}.d.ts`);
    }
  }
  for (const [file, own] of groupBy(imports, 'file')) rewrite(folder, file, own);
  return written;
}

/**
 * One import of a library: the importing file, the specifier, where that stands in the file, and
 * the names imported; undefined for all names.
 *
 * @typedef {{ file: string, library: string, specifier: string, start: number, end: number,
 *   names: string[] | undefined }} Import
 */

/** @returns {Import[]} */
function bareImports(file) {
  return requests(file, readFileSync(file, 'utf8')).flatMap(({ specifier, ...request }) => {
    if (/^(\.\.?\/|#|node:)/.test(specifier)) return [];
    const library = specifier.match(/^(@[^/]+\/)?[^/]+/)[0];
    if (!Object.hasOwn(LIBRARIES, library)) {
      throw new Error(
        `Cannot vendor "${specifier}" of ${file}: found no such library in tools/build/vendor.js, expected one of ${Object.keys(LIBRARIES).join(', ')}`,
      );
    }
    return { file, library, specifier, ...request };
  });
}

/** Every import and re-export in the code of a file. */
function requests(file, code) {
  const { module, errors } = parseSync(file, code);
  if (errors.length > 0) throw new Error(`Cannot parse ${file}: ${errors[0].message}`);
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  const found = [
    ...module.staticImports,
    ...exported.map((entry) => ({ ...entry, entries: [entry] })),
    ...module.dynamicImports,
    ...(file.endsWith('.d.ts') ? importTypes(code) : []),
  ];
  return found.flatMap(({ moduleRequest, entries }) => {
    if (!moduleRequest) return [];
    const { start, end } = moduleRequest;
    const specifier = code.slice(start, end).match(/^(['"])(.*)\1$/)?.[2];
    return specifier === undefined ? [] : { specifier, start, end, names: namesOf(entries) };
  });
}

/** Types that the compiler inferred: `import("library").Type`. */
function importTypes(code) {
  return Array.from(code.matchAll(/\bimport\((?=(['"][^'"]+['"])\)\.)/g))
    .map(({ 0: { length }, 1: literal, index }) => ({
      start: index + length,
      end: index + length + literal.length,
    }))
    .filter(({ start, end }) => Object.hasOwn(LIBRARIES, code.slice(start + 1, end - 1)))
    .map((moduleRequest) => ({ moduleRequest }));
}

function namesOf(entries) {
  const names = entries?.map(({ importName: { kind, name } }) =>
    kind === 'Default' ? 'default' : name,
  );
  return names?.every((name) => name) ? names : undefined;
}

function isDeclared({ file }) {
  return file.endsWith('.d.ts');
}

/** The code of a module that exports what `imports` need of a library. */
async function bundle(library, imports) {
  const origins = new Map();
  for (const { specifier, names } of imports) {
    for (const name of names ?? Object.keys(await import(specifier))) {
      const other = origins.get(name) ?? specifier;
      if (other !== specifier) {
        throw new Error(
          `Cannot vendor "${name}" of "${specifier}": found it in "${other}" too, expected one origin`,
        );
      }
      origins.set(name, specifier);
    }
  }
  const entry = '\0vendor';
  const code = Array.from(
    origins,
    ([name, specifier]) => `export { ${name} } from ${JSON.stringify(specifier)};`,
  ).join('\n');
  const plugin = {
    name: 'vendor',
    resolveId(id) {
      if (id === entry) return id;
      return isBuiltin(id) ? { id: id.replace(/^(node:)?/, 'node:'), external: true } : undefined;
    },
    load: (id) => (id === entry ? code : undefined),
  };
  const build = await rolldown({ input: entry, platform: 'neutral', plugins: [plugin] });
  const { output } = await build.generate({ format: 'esm', codeSplitting: false });
  await build.close();
  const [chunk] = output;
  const used = Object.entries(chunk.modules).filter(([, { renderedLength }]) => renderedLength > 0);
  const modules = used.map(([id]) => id).filter(path.isAbsolute);
  // The library first, then its dependencies.
  const roots = Array.from(new Set(modules.map(packageRoot))).sort(
    (a, b) => Number(b.endsWith(`/${library}`)) - Number(a.endsWith(`/${library}`)),
  );
  const packages = roots.map(licenseOf);
  // Bundlers keep a comment that begins with "!": the short one. The texts stay in this file.
  const notices = packages.map(({ title, text }) => `${title}, ${text.match(/^Copyright.*$/m)[0]}`);
  const texts = packages.map(({ title, text }) => `${title}\n\n${text}`);
  return `/*!\n${comment(notices.join('\n'))}\n */\n/*\n${comment(texts.join('\n\n'))}\n */\n${chunk.code}`;
}

/** A text as lines of a block comment. */
function comment(text) {
  return text
    .replaceAll('*/', '* /')
    .split('\n')
    .map((line) => ` * ${line}`.trimEnd())
    .join('\n');
}

/** Name, version and licence of a package, and the licence's text. */
function licenseOf(root) {
  const { name, version, license } = readManifest(root);
  const file = readdirSync(root).find((entry) => /^licen[sc]e([.-]|$)/i.test(entry));
  const text = file ? readFileSync(path.join(root, file), 'utf8') : LIBRARIES[name]?.license;
  if (!text) throw new Error(`Cannot vendor ${name}: found no licence file in ${root}`);
  return { title: `${name} ${version} (${license})`, text: text.trim() };
}

function readManifest(root) {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
}

/** The folder of the package that a module belongs to. */
function packageRoot(file) {
  const [, root] = file.replaceAll('\\', '/').match(/^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  return root;
}

/** A library's declarations; they must be one file that imports nothing but Node's. */
function declarationsOf(library, imports) {
  const specifiers = new Set(imports.map(({ specifier }) => specifier));
  const { resolve } = createRequire(pathToFileURL(path.resolve('package.json')));
  const [specifier] = specifiers;
  const module = resolve(specifier);
  const root = packageRoot(module);
  const { types = 'index.d.ts' } = readManifest(root);
  const file = [
    specifier === library ? path.join(root, types) : module.replace(/\.js$/, '.d.ts'),
    path.join('node_modules/@types', library, 'index.d.ts'),
  ].find(existsSync);
  const code = file && specifiers.size === 1 ? readFileSync(file, 'utf8') : undefined;
  if (code !== undefined && requests(file, code).every(({ specifier }) => isBuiltin(specifier))) {
    return code;
  }
  throw new Error(
    `Cannot vendor the types of ${library} that ${imports[0].file} names: expected declarations of one file; keep the library's types out of exported signatures`,
  );
}

/** Rewrites a file's imports of libraries to the vendored modules. */
function rewrite(folder, file, imports) {
  let code = readFileSync(file, 'utf8');
  for (const { library, start, end } of imports.toSorted((a, b) => b.start - a.start)) {
    const target = path.join(folder, 'vendor', `${fileName(library)}.js`);
    const relative = path.relative(path.dirname(file), target).replaceAll(path.sep, '/');
    const specifier = relative.startsWith('.') ? relative : `./${relative}`;
    code = `${code.slice(0, start)}'${specifier}'${code.slice(end)}`;
  }
  writeFileSync(file, code);
}

/** @returns {Map<string, Import[]>} */
function groupBy(imports, key) {
  const groups = new Map();
  for (const found of imports) groups.set(found[key], [...(groups.get(found[key]) ?? []), found]);
  return groups;
}

/** `@noble/hashes` -> `noble-hashes`. */
function fileName(library) {
  return library.replace('@', '').replaceAll('/', '-');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await vendor('build/js');
