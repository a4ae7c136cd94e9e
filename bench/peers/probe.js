/**
 * How fast the machine is just now: integer xors per nanosecond, which fall when it is slow for
 * reasons of its own (a busy neighbour, a lower clock). A sample counts only between quiet probes.
 */
import { readFileSync } from 'node:fs';
import { quantile } from './statistics.js';

/** Half a millisecond. */
const TURNS = 1_000_000;
const XORS_PER_TURN = 8;
/** A probe this near to the best is quiet: slow spells cost 10 % and more (docs/kernels.md). */
export const QUIET = 0.95;

export class Probe {
  #exports;
  /** @type {number[]} */
  #rates = [];

  constructor() {
    const bytes = readFileSync(new URL('../../build/testing/testing.simd.wasm', import.meta.url));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    this.#exports = /** @type {{ peakXor(turns: number): number }} */ (instance.exports);
    for (let i = 0; i < 200; i++) this.#exports.peakXor(TURNS / 100);
  }

  /** Xors per nanosecond just now. */
  rate() {
    const start = performance.now();
    this.#exports.peakXor(TURNS);
    const rate = (TURNS * XORS_PER_TURN) / (performance.now() - start) / 1e6;
    this.#rates.push(rate);
    return rate;
  }

  /** The 95th percentile of the run: the best that is no accident of the clock. */
  best() {
    return quantile(this.#rates, 0.95);
  }

  /** Whether the slowest probe around a sample was quiet. */
  isQuiet(rate) {
    return rate >= QUIET * this.best();
  }
}
