/**
 * The builds of assembly/ that this runtime can compile: the only list of builds in tests and
 * benches. In: build/wasm, as `node tools/build/wasm.js` leaves it. Out: one record per build, for
 * `describe.each(variants)('$name', ...)`.
 */
import { readFileSync } from 'node:fs';
import { unsignedDotWorks } from '../../src/engine/features.ts';

/** A target of asconfig.json. */
export type BuildName = 'simd' | 'dot' | 'relaxed' | 'debug';

/** One build that runs here. */
export interface Variant {
  readonly name: BuildName;
  /** Multiply-adds round once, not twice. */
  readonly isFused: boolean;
  /** Sums of whole numbers are relaxed dot products. */
  readonly hasDot: boolean;
  /** Rows of whole numbers may be bytes. */
  readonly hasBytes: boolean;
  /** fp32 and fp16 run. */
  readonly hasFloats: boolean;
}

/**
 * Every target, runnable or not. `debug` is the baseline with assertions and without optimisation.
 */
export const builds: readonly Variant[] = [
  { name: 'simd', isFused: false, hasDot: false, hasBytes: false, hasFloats: true },
  { name: 'dot', isFused: false, hasDot: true, hasBytes: false, hasFloats: false },
  { name: 'relaxed', isFused: true, hasDot: true, hasBytes: true, hasFloats: true },
  { name: 'debug', isFused: false, hasDot: false, hasBytes: false, hasFloats: true },
];

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

/** Bytes of a file of build/wasm, such as `simd.wasm` or `testing.simd.wasm`. */
export function readBuild(file: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(`build/wasm/${file}`));
  } catch (cause) {
    throw new Error(`Cannot read build/wasm/${file}: run "node tools/build/wasm.js" first`, {
      cause,
    });
  }
}

/** Which builds run where, in one line. */
export function describeVariants(): string {
  const names = variants.map(({ name }) => name).join(', ');
  const missing = builds.filter((build) => !variants.includes(build)).map(({ name }) => name);
  const without = missing.length > 0 ? `; ${missing.join(', ')} cannot be compiled here` : '';
  return `builds ${names} on Node ${process.versions.node} (V8 ${process.versions.v8})${without}`;
}
