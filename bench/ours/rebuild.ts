/**
 * Brings the modules up to date that a bench is about to measure. In: a bench and the builds it runs.
 * Out: lines that say what was compiled, and why.
 */
import { pathToFileURL } from 'node:url';
import { abilitiesOf, BUILDS, type BuildName, MODEL_BUILDS } from '../../src/builds.ts';
import { RELAXED_PROBE } from '../../src/engine/features.ts';
import type { Bench } from './benches.ts';

type Builder = typeof import('../../tools/build/wasm.js');

/** What is measured where no build is asked for. */
const FLOATS = ['simd', 'relaxed'];

/** Without relaxed SIMD, this runtime cannot compile every build. */
const hasRelaxed = WebAssembly.validate(Buffer.from(RELAXED_PROBE, 'base64'));

/**
 * Compiles what is older than its sources: seconds for one module. Modules of other builds stay as
 * they are, and those that are missing are compiled in any case.
 *
 * @param build the build that was asked for
 */
export async function rebuild(bench: Bench, build: string | undefined): Promise<void> {
  const measured = bench.isSame ? ['simd'] : build ? [build] : bench.isWhole ? ['dot'] : FLOATS;
  // A model chooses its build by its dtype, whatever build the kernels are measured in.
  const models = bench.hasModels
    ? [...MODEL_BUILDS, ...measured, ...(bench.calibrates ? ['calibration'] : [])]
    : [];
  const wanted = new Set([...models, ...measured.map((target) => `testing.${target}`)]);
  // Not compiled with the benches: it is the script of the build, which runs in the checkout.
  const script = pathToFileURL('tools/build/wasm.js').href;
  const { buildModules } = (await import(script)) as Builder;
  const built = await buildModules({ BUILDS, abilitiesOf }, (name: string) => {
    const target = name.replace(/^testing\./, '') as BuildName;
    return wanted.has(name) && (hasRelaxed || !abilitiesOf(BUILDS[target]).isRelaxed);
  });
  for (const { name, seconds, changed } of built) {
    const why = changed.length === 0 ? 'it was missing' : `changed: ${listed(changed)}`;
    console.log(`rebuilt ${name} in ${seconds.toFixed(1)} s (${why})`);
  }
}

function listed(names: readonly string[]): string {
  const rest = names.length - 3;
  return [...names.slice(0, 3), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}
