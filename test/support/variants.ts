/**
 * The builds that this runtime can compile, for `describe.each(variants)('$name', ...)`: one record for each of
 * src/builds.ts that runs models, and the debug build, which has assertions and no optimisation.
 */
import { readFileSync } from 'node:fs';
import {
  abilitiesOf,
  BUILDS,
  type BuildName,
  type BuildTraits,
  buildsWhere,
} from '../../src/builds.ts';
import { unsignedDotWorks } from '../../src/engine/features.ts';

export type { BuildName } from '../../src/builds.ts';

/** One build that runs here. */
export interface Variant extends ReturnType<typeof abilitiesOf> {
  readonly name: BuildName;
}

/** Every build that runs models of every dtype it can, runnable here or not. */
export const builds: readonly Variant[] = buildsWhere(
  BUILDS,
  (traits) => abilitiesOf(traits).hasQuantized && !abilitiesOf(traits).isThreaded,
).map((name) => ({ name, ...abilitiesOf(BUILDS[name]) }));

/** The builds that this runtime runs: all that validate. The baseline always does. */
export const variants: readonly Variant[] = builds.filter(
  ({ name }) => name === 'simd' || WebAssembly.validate(readBuild(`${name}.wasm`)),
);

/** The builds that run models of floats. */
export const floatVariants = variants.filter(({ hasFloats }) => hasFloats);

/**
 * The builds whose products of whole numbers run here: relaxed dot products only where they take
 * unsigned bytes, which is the machine's choice.
 */
export const dotVariants = variants.filter(({ hasDot }) => !hasDot || unsignedDotWorks());

/** A build, and how many threads run it. */
export interface Run extends Variant {
  readonly threads: number;
  /** Names both. */
  readonly title: string;
}

/** Every build that runs here on one thread, and the same for teams of two and three threads. */
export const runs: readonly Run[] = variants.flatMap((variant) => {
  const alone = { ...variant, threads: 1, title: variant.name };
  const name = `${variant.name}-threads` as BuildName;
  const teams = [2, 3].map((threads) => ({
    ...variant,
    name,
    threads,
    title: `${name} x ${threads}`,
  }));
  return [alone, ...teams];
});

/** Those that run models of floats. */
export const floatRuns = runs.filter(({ hasFloats }) => hasFloats);

/** Bytes of a built file, such as `simd.wasm` or `testing.simd.wat`. */
export function readBuild(file: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(`build/${folderOf(file)}/${file}`));
  } catch (cause) {
    throw new Error(`Cannot read ${file} of the build: run "npm run build" first`, { cause });
  }
}

/** Shipped modules lie apart from what tests alone use. */
function folderOf(file: string): 'wasm' | 'testing' {
  if (file === 'probe.wasm') return 'wasm';
  const traits = (BUILDS as Readonly<Record<string, BuildTraits>>)[file.replace(/\.wasm$/, '')];
  return traits && traits.ships !== 'never' ? 'wasm' : 'testing';
}

/** Which builds run where, in one line. */
export function describeVariants(): string {
  const names = variants.map(({ name }) => name).join(', ');
  const missing = builds.filter((build) => !variants.includes(build)).map(({ name }) => name);
  const without = missing.length > 0 ? `; ${missing.join(', ')} cannot be compiled here` : '';
  return `builds ${names} on Node ${process.versions.node} (V8 ${process.versions.v8})${without}`;
}
