/**
 * The last step of the build, after the compilers:
 *
 * - build/js/vendor: the libraries that src/ imports by name (vendor.js)
 * - build/wasm/probe.wasm: the probe of relaxed SIMD, for hosts that cannot compile at run time
 * - build/wasm/*.js: where the modules are, and the modules themselves (modules.js)
 * - build/models: the bundled models in q8, made by the package's own converter
 * - examples/node_modules: the package itself, for examples that run in a checkout
 */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BUILDS, buildsWhere, MODEL_BUILDS } from '../../build/js/builds.js';
import { RELAXED_PROBE } from '../../build/js/engine/features.js';
import { edgeModule, inlineModule, urlsModule } from './modules.js';
import { packModels } from './pack-models.js';
import { vendor } from './vendor.js';

await vendor('build/js');

writeFileSync('build/wasm/probe.wasm', Buffer.from(RELAXED_PROBE, 'base64'));

const withUrls = buildsWhere(BUILDS, ({ ships }) => ships === 'everywhere' || ships === 'by url');
const withFiles = buildsWhere(BUILDS, ({ ships }) => ships !== 'never');
const onEdge = buildsWhere(BUILDS, ({ isOnEdge }) => isOnEdge);
const read = (name) => readFileSync(`build/wasm/${name}.wasm`);
writeFileSync('build/wasm/urls.js', urlsModule(withUrls));
writeFileSync('build/wasm/node-urls.js', urlsModule(withFiles));
writeFileSync('build/wasm/workerd.js', edgeModule(onEdge));
writeFileSync('build/wasm/inline.js', inlineModule(MODEL_BUILDS, read));

packModels('models', 'build/models');

// Each example is a package of its own, so it finds this one as it finds any other.
const link = 'examples/node_modules/mobilebert-wasm';
mkdirSync(path.dirname(link), { recursive: true });
rmSync(link, { force: true });
symlinkSync(path.resolve('.'), link, 'junction');
