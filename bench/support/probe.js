// @ts-check
/**
 * How fast the machine is just now: integer xors per nanosecond. The rate falls when the machine is
 * slow for reasons of its own (a busy neighbour, a lower clock). A sample counts only between quiet
 * probes.
 */
import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import { quantile } from './statistics.js';

/** Xors of one turn of `peakXor` (assembly/testing.ts). */
const XORS_PER_TURN = 8;
/** Half a millisecond: calls of a whole model are far longer. */
const LONG_TURNS = 1_000_000;
/**
 * A probe this near to the best ones is quiet: slow spells cost 10 % and more (docs/kernels.md).
 */
export const QUIET = 0.95;
/** Engines optimise a function only after it has run for a while, and in the background. */
export const WARM_UP_MS = 200;

export class Probe {
  #peakXor;
  #turns;
  /** @type {number[]} */
  #rates = [];

  /**
   * @param {(turns: number) => void} peakXor of a testing module
   * @param {number} turns of one probe: 100,000 take about 50 microseconds
   */
  constructor(peakXor, turns) {
    this.#peakXor = peakXor;
    this.#turns = turns;
    this.#warmUp();
  }

  /** A probe of its own, on the testing module that `node tools/build/wasm.js` leaves. */
  static open() {
    const bytes = readFileSync(new URL('../../build/testing/testing.simd.wasm', import.meta.url));
    const { exports } = instantiateSync(bytes);
    const { peakXor } = /** @type {{ peakXor(turns: number): void }} */ (
      /** @type {unknown} */ (exports)
    );
    return new Probe(peakXor, LONG_TURNS);
  }

  /** Xors per nanosecond just now. */
  rate() {
    const start = performance.now();
    this.#peakXor(this.#turns);
    const rate = (this.#turns * XORS_PER_TURN) / (performance.now() - start) / 1e6;
    this.#rates.push(rate);
    return rate;
  }

  /** The 95th percentile of all probes: the best rate that is no accident of the clock. */
  best() {
    return quantile(this.#rates, 0.95);
  }

  /**
   * Whether the slowest probe around a sample was quiet, as far as is known by now.
   *
   * @param {number} rate
   */
  isQuiet(rate) {
    return rate >= QUIET * this.best();
  }

  /**
   * The samples between quiet probes.
   *
   * @template {{ readonly rate: number }} Sample with the rate of the slowest probe around it
   * @param {readonly Sample[]} samples
   */
  quiet(samples) {
    const limit = QUIET * this.best();
    return samples.filter(({ rate }) => rate >= limit);
  }

  /** Rates from before the engine has optimised the loop do not count. */
  #warmUp() {
    const end = performance.now() + WARM_UP_MS;
    while (performance.now() < end) this.rate();
    this.#rates.length = 0;
  }
}
