/**
 * The stage: an empty project that has installed the packed package, with the programs of entries/
 * and the files that they load. So runtimes run what users get, not the checkout.
 */
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { run } from './commands.js';
import { isSource } from './examples.js';
import { makeFullSize, makeModels } from './models.js';
import { HERE, ROOT, STAGE } from './paths.js';

/** Folders of checkpoints that expected.json names. */
export const CHECKPOINTS = ['test/golden/models/sequence-single', 'models/banking77-intents'];

/** An empty project. Parcel reads `exports` and `imports` only where an option says so. */
const MANIFEST = {
  private: true,
  type: 'module',
  '@parcel/resolver-default': { packageExports: true },
  targets: { default: { context: 'browser', outputFormat: 'esmodule', scopeHoist: true } },
};

/** Makes the stage from the present build/js and build/wasm. */
export async function makeStage() {
  await rm(STAGE, { recursive: true, force: true });
  await installPackage(STAGE);
  for (const file of ['checks.js', 'expected.json']) {
    await cp(path.join(HERE, file), path.join(STAGE, file));
  }
  await cp(path.join(HERE, 'entries'), STAGE, { recursive: true });
  for (const folder of CHECKPOINTS) {
    await cp(path.join(ROOT, folder), path.join(STAGE, 'files', folder), { recursive: true });
  }
  const examples = path.join(STAGE, 'examples');
  await cp(path.join(ROOT, 'examples'), examples, { recursive: true, filter: isSource });
  await makeModels(path.join(STAGE, 'models'));
  await linkPackage(path.join(examples, 'cloudflare-worker'));
  await makeFullSize(path.join(STAGE, 'full-size'));
  await bundleWorkers();
  await makeExtension();
  await bundleWorkerd();
}

/** wrangler.jsonc names the assets by their path in node_modules. */
async function linkPackage(folder) {
  await mkdir(path.join(folder, 'node_modules'));
  const link = path.join(folder, 'node_modules/mobilebert-wasm');
  await symlink(path.join(STAGE, 'node_modules/mobilebert-wasm'), link);
}

/** Makes an empty project that has installed the packed tarball. */
export async function installPackage(folder) {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(MANIFEST));
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  await run('npm', args, { cwd: ROOT });
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...flags, `./${tarball}`], { cwd: folder });
}

/** Workers of pages: one file each, because import maps do not apply to them. */
async function bundleWorkers() {
  for (const name of ['web-worker', 'service-worker']) {
    await bundleFile(`${name}.js`, 'bundle', 'esm');
  }
  await bundleFile('classic-service-worker.js', 'bundle', 'iife');
}

/** An unpacked extension that holds all its files. */
async function makeExtension() {
  await bundleFile('extension/background.js', 'extension', 'esm');
  for (const file of ['expected.json', 'files']) {
    await cp(path.join(STAGE, file), path.join(STAGE, 'extension', file), { recursive: true });
  }
}

/** Bundles an entry into one file, because service workers refuse import(). */
async function bundleFile(entry, folder, format) {
  const bundle = await rolldown({
    input: path.join(STAGE, entry),
    platform: 'browser',
    logLevel: 'silent',
    experimental: { resolveNewUrlToAsset: format === 'esm' },
  });
  const output = { dir: path.join(STAGE, folder), format, codeSplitting: false };
  await bundle.write({ ...output, entryFileNames: '[name].js' });
  await bundle.close();
}

/** Bundles the entry of workerd; .wasm files stay modules of their own, as with wrangler. */
async function bundleWorkerd() {
  const bundle = await rolldown({
    input: path.join(STAGE, 'workerd.js'),
    platform: 'browser',
    resolve: { conditionNames: ['workerd', 'worker', 'import', 'default'] },
    external: ['files'],
    plugins: [compiledModules],
  });
  const output = { dir: path.join(STAGE, 'workerd'), format: 'esm', codeSplitting: false };
  await bundle.write({ ...output, entryFileNames: 'main.js' });
  await bundle.close();
}

/** Imports .wasm files by file name: workerd finds modules by name, not by path. */
const compiledModules = {
  name: 'compiled-modules',
  resolveId: (id) => (id.endsWith('.wasm') ? { id: path.basename(id), external: true } : null),
};
