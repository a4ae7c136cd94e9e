/**
 * Brings the modules up to date that a bench is about to measure. In: a bench and the builds it runs.
 * Out: lines that say what was compiled, and why.
 */
import { pathToFileURL } from 'node:url';
import { abilitiesOf, BUILDS } from '../../src/builds.ts';
import { RELAXED_PROBE } from '../../src/engine/features.ts';
import type { Bench } from './benches.ts';

type Builder = typeof import('../../tools/build/wasm.js');

/** Builds that this runtime can compile. */
const hasRelaxed = WebAssembly.validate(Buffer.from(RELAXED_PROBE, 'base64'));

/**
 * Compiles what is older than its sources: seconds for one module. Modules of other builds stay as
 * they are, and those that are missing are compiled in any case.
 *
 * @param build the build that was asked for
 */
export async function rebuild(bench: Bench, build: string | undefined): Promise<void> {
  const kernels = (name: string) => build === undefined || build === name || bench.isSame === true;
  const runsHere = (name: string) => {
    const traits = (BUILDS as Record<string, Parameters<typeof abilitiesOf>[0]>)[name];
    return traits !== undefined && (hasRelaxed || !abilitiesOf(traits).isRelaxed);
  };
  // Not compiled with the benches: it is the script of the build, which runs in the checkout.
  const script = pathToFileURL('tools/build/wasm.js').href;
  const { buildModules } = (await import(script)) as Builder;
  const built = await buildModules({ BUILDS, abilitiesOf }, (name: string) => {
    const target = name.replace(/^testing\./, '');
    if (!runsHere(target)) return false;
    // A model chooses its build by its dtype, whatever build the kernels are measured in.
    if (name === target)
      return bench.hasModels === true && (target !== 'debug' || build === 'debug');
    return kernels(target) && (target !== 'debug' || build === 'debug');
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
