/**
 * Timing that knows its machine. A sample is a few milliseconds of calls with a probe of integer
 * speed on either side: the probe falls when the machine is slow for reasons of its own (a busy
 * neighbour, a lower clock), and samples between slow probes are dropped. In: a build. Out: medians
 * of quiet samples, their spread, and the arithmetic peak of the same run.
 */
import { availableParallelism, cpus } from 'node:os';
import { Bench } from 'tinybench';
import { Kernels } from '../test/support/kernels.ts';
import type { Variant } from '../test/support/variants.ts';

/** What is timed; nothing, or a promise of anything. */
export type Task = () => unknown;

/** What a task took. */
export interface Figure {
  /** Milliseconds of one call: the median of the samples that count. */
  readonly ms: number;
  /** From the 10th to the 90th percentile of those samples, as a part of the median. */
  readonly spread: number;
  /**
   * The machine was not quiet: too few samples to count only those, or too wide a spread among
   * them.
   */
  readonly isNoisy: boolean;
}

interface Sample {
  readonly ms: number;
  /** The slower of the probes before and after, xors per nanosecond. */
  readonly rate: number;
}

/**
 * A probe this near to the best ones is quiet: slow spells cost 10 % and more (docs/kernels.md).
 */
const QUIET = 0.95;
/** Quiet samples that lie further apart were interrupted between their probes. */
const WIDE = 0.25;
/** Fewer quiet samples than this make no median. */
const ENOUGH = 5;
/**
 * A sample is at least this long, so that the clock's steps and the call from JavaScript do not
 * count.
 */
const SAMPLE_MS = 2;

/** Engines compile a function well only after some work in it, and in the background. */
const WARM_UP_MS = 200;

const PROBE_TURNS = 100_000;
const XORS_PER_TURN = 8;
const PEAK_TURNS = 20_000;
const PEAK_FACTOR_BYTES = 128;
/** Ten accumulators, four lanes, a multiplication and an addition. */
const PEAK_FLOPS_PER_TURN = 80;

/** One build on this machine. */
export class Machine {
  readonly build: Variant;
  readonly kernels: Kernels;
  readonly #time: number;
  #peak = Number.NaN;
  readonly #rates: number[] = [];

  private constructor(build: Variant, kernels: Kernels, time: number) {
    this.build = build;
    this.kernels = kernels;
    this.#time = time;
  }

  /** Measures the peak first. `time`: milliseconds for every task. */
  static async of(build: Variant, time: number): Promise<Machine> {
    const machine = new Machine(build, new Kernels(build.name), time);
    machine.#warmUp();
    const { exports } = machine.kernels;
    const factors = exports.allocate(PEAK_FACTOR_BYTES);
    const samples = await machine.#sample(() => exports.peakMadd(PEAK_TURNS, factors));
    const fastest = Math.min(...samples.map(({ ms }) => ms));
    machine.#peak = (PEAK_TURNS * PEAK_FLOPS_PER_TURN) / fastest / 1e6;
    return machine;
  }

  /** GFLOP/s of multiply-adds in registers: the best sample. */
  get peak(): number {
    return this.#peak;
  }

  /** Two lines that every result must carry. */
  describe(): string {
    const cores = availableParallelism();
    const { node, v8 } = process.versions;
    return [
      `${cpus()[0].model.trim()}, ${cores} cores, Node ${node} (V8 ${v8}), build ${this.build.name}`,
      `peak of multiply-adds in registers ${this.peak.toFixed(1)} GFLOP/s, ` +
        `integer probe ${this.#best().toFixed(1)} ops/ns at its best`,
    ].join('\n');
  }

  /** Times `run`; a promise that it returns is waited for. */
  async measure(run: Task): Promise<Figure> {
    const samples = await this.#sample(run);
    const quiet = this.#quiet(samples);
    const isEnough = quiet.length >= ENOUGH;
    const times = (isEnough ? quiet : samples).map(({ ms }) => ms).sort((a, b) => a - b);
    const at = (part: number) => times[Math.round(part * (times.length - 1))];
    const spread = (at(0.9) - at(0.1)) / at(0.5);
    return { ms: at(0.5), spread, isNoisy: !isEnough || spread > WIDE };
  }

  async #sample(run: Task): Promise<Sample[]> {
    const calls = await callsPerSample(run);
    const samples: Sample[] = [];
    const bench = new Bench({
      time: this.#time,
      iterations: 2 * ENOUGH,
      warmupTime: WARM_UP_MS,
      warmupIterations: 2,
      throws: true,
      // Warm-up samples are pushed too, and go where the measured ones begin.
      setup: (_task, mode) => {
        if (mode === 'run') samples.length = 0;
      },
    });
    bench.add('sample', async () => {
      const before = this.#probe();
      const duration = await timeOf(run, calls);
      const ms = duration / calls;
      samples.push({ ms, rate: Math.min(before, this.#probe()) });
      return { overriddenDuration: ms, overriddenIterationCost: duration };
    });
    await bench.run();
    return samples;
  }

  /** Brings the probe to its full speed; what it measured before says nothing. */
  #warmUp(): void {
    const end = performance.now() + WARM_UP_MS;
    while (performance.now() < end) this.#probe();
    this.#rates.length = 0;
  }

  /** Xors per nanosecond just now. */
  #probe(): number {
    const start = performance.now();
    this.kernels.exports.peakXor(PROBE_TURNS);
    const rate = (PROBE_TURNS * XORS_PER_TURN) / (performance.now() - start) / 1e6;
    this.#rates.push(rate);
    return rate;
  }

  #quiet(samples: Sample[]): Sample[] {
    const limit = QUIET * this.#best();
    return samples.filter(({ rate }) => rate >= limit);
  }

  /** The 95th percentile of all probes of the run: the best that is no accident of the clock. */
  #best(): number {
    const rates = this.#rates.toSorted((a, b) => a - b);
    return rates[Math.floor(0.95 * (rates.length - 1))];
  }
}

async function callsPerSample(run: Task): Promise<number> {
  for (let calls = 1; ; calls *= 2) {
    const ms = await timeOf(run, calls);
    if (ms > SAMPLE_MS / 4) return Math.max(1, Math.ceil((SAMPLE_MS * calls) / ms));
  }
}

/** Milliseconds of `calls` calls, one after the other. */
async function timeOf(run: Task, calls: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    const pending = run();
    // Waiting for nothing would cost more than a small kernel.
    if (pending instanceof Promise) await pending;
  }
  return performance.now() - start;
}
