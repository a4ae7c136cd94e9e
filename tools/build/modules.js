/**
 * What lies in build/wasm beside the modules, made from the list of builds (src/builds.ts): where they are, and
 * the modules themselves for hosts that cannot fetch or compile. Each function returns a file's text.
 */

/**
 * `urls`: each module's URL, written out, because bundlers and tools that trace files look for exactly
 * `new URL('...', import.meta.url)`.
 */
export function urlsModule(names) {
  const lines = names.map(
    (name) => `  '${name}': () => new URL('./${name}.wasm', import.meta.url),\n`,
  );
  return `export const urls = {\n${lines.join('')}};\n`;
}

/** `modules` and `probe`: modules that a bundler or an edge runtime imports compiled. */
export function edgeModule(names) {
  const imports = [...names, 'probe'].map((name) => `import ${name} from './${name}.wasm';\n`);
  return `${imports.join('')}\nexport const modules = { ${names.join(', ')} };\nexport { probe };\n`;
}

/** `modules`: the bytes in base64, for deployments of a single file. `read` gives a module's bytes. */
export function inlineModule(names, read) {
  const lines = names.map((name) => `  ${name}:\n    '${read(name).toString('base64')}',\n`);
  return `export const modules = {\n${lines.join('')}};\n`;
}

/**
 * The target of asconfig.json that makes a build.
 *
 * @throws Error where it is missing or has other constants than the list of builds says
 */
export function targetOf(name, { constants }, targets) {
  const target = targets[name];
  const expected = Object.entries(constants).map(([key, value]) => `${key}=${value}`);
  const found = (target?.use ?? []).filter((use) => !use.startsWith('abort='));
  if (target && [...found].sort().join() === [...expected].sort().join()) return target;
  const what = target ? `uses ${found.join(', ')}` : 'is missing';
  throw new Error(
    `Cannot build "${name}": its target in asconfig.json ${what}, expected ${expected.join(', ')}`,
  );
}
