/**
 * Bundlers: each bundles entries/bundled.js (examples/browser and the checks) into a site that
 * Chromium opens. `new URL(..., import.meta.url)` has to find the modules.
 */
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { build as viteBuild } from 'vite';
import { run } from '../support/commands.js';
import { fetched } from '../support/packages.js';
import { STAGE } from '../support/paths.js';
import { CHROMIUM, runIn } from './browsers.js';
import { dryDeploy } from './wrangler.js';

const input = path.join(STAGE, 'bundled.js');
const place = (name) => `bundle-${name.replace(' ', '-')}`;
const esNames = { entryFileNames: 'bundled.js', assetFileNames: 'assets/[name]-[hash][extname]' };

const BUNDLERS = {
  async rolldown(dir) {
    const bundle = await rolldown({
      input,
      platform: 'browser',
      experimental: { resolveNewUrlToAsset: true },
    });
    await bundle.write({ dir, format: 'esm', ...esNames });
    await bundle.close();
  },

  async vite(outDir) {
    const rollupOptions = { input, output: esNames };
    await viteBuild({
      root: STAGE,
      base: './',
      configFile: false,
      logLevel: 'error',
      // Up to 4 KB would become data: URLs, which the page's policy refuses to fetch.
      build: { outDir, rollupOptions, target: 'es2022', assetsInlineLimit: 0 },
    });
  },

  async webpack(dir) {
    const { default: webpack } = await fetchedModule('webpack', 'webpack@5', 'lib/index.js');
    const compiler = webpack({
      mode: 'production',
      entry: input,
      output: { path: dir, filename: 'bundled.js', module: true },
      experiments: { outputModule: true },
      performance: { hints: false },
    });
    const stats = await new Promise((resolve, reject) => {
      compiler.run((error, result) => (error ? reject(error) : resolve(result)));
    });
    if (stats.hasErrors() || stats.hasWarnings())
      throw new Error(stats.toString('errors-warnings'));
  },

  async rollup(dir) {
    const { rollup } = await fetchedModule('rollup', 'rollup@4', 'dist/es/rollup.js');
    const resolve = await fetchedModule(
      'rollup',
      '@rollup/plugin-node-resolve@16',
      'dist/es/index.js',
    );
    const assets = await fetchedModule(
      'rollup',
      '@web/rollup-plugin-import-meta-assets@2',
      'index.mjs',
    );
    const plugins = [resolve.nodeResolve({ browser: true }), assets.importMetaAssets()];
    const bundle = await rollup({ input, plugins });
    await bundle.write({ dir, format: 'esm', ...esNames });
    await bundle.close();
  },

  async esbuild(outdir) {
    const { default: esbuild } = await fetchedModule('esbuild', 'esbuild@0.28', 'lib/main.js');
    await esbuild.build({
      entryPoints: { bundled: path.join(STAGE, 'bundled-esbuild.js') },
      bundle: true,
      format: 'esm',
      outdir,
      logLevel: 'error',
      loader: { '.wasm': 'file' },
    });
  },

  /** Parcel's options are in the stage's package.json. */
  async parcel(dir) {
    const parcel = await fetched('parcel', 'parcel@2', 'lib/bin.js');
    const args = ['build', input, '--dist-dir', dir, '--no-cache', '--no-source-maps'];
    await run(process.execPath, [parcel, ...args], { cwd: STAGE });
  },

  /**
   * wrangler bundles for Workers by default; here for pages, which are deployed as static assets.
   */
  async wrangler(dir) {
    const entry = path.join(STAGE, 'wrangler/bundled.js');
    const forPages = { WRANGLER_BUILD_CONDITIONS: 'browser', WRANGLER_BUILD_PLATFORM: 'browser' };
    const options = ['--name', 'page', '--compatibility-date', '2025-11-01', '--minify'];
    await dryDeploy([entry, ...options], dir, { cwd: STAGE, env: forPages });
  },

  /** One file that holds the modules as text (`mobilebert-wasm/inline`). */
  async 'single file'(dir) {
    const bundle = await rolldown({
      input: { bundled: path.join(STAGE, 'bundled-single.js') },
      platform: 'browser',
    });
    await bundle.write({ dir, format: 'esm', codeSplitting: false, ...esNames });
    await bundle.close();
  },
};

/** @type {readonly import('./host.js').Host[]} */
export const bundlerHosts = Object.entries(BUNDLERS).map(([name, bundle]) => ({
  name: `${name}, Chromium`,
  async run() {
    await bundle(path.join(STAGE, 'bundles', place(name)));
    return runIn(CHROMIUM, place(name));
  },
}));

/** A module of a fetched package. */
async function fetchedModule(folder, spec, file) {
  return import(pathToFileURL(await fetched(folder, spec, file)).href);
}
