/**
 * Timing with a check of the machine. A sample is a few milliseconds of calls between two probes of
 * integer speed (bench/support/probe.js); samples between slow probes are dropped. In: a build.
 * Out: medians of quiet samples, their spread, and the arithmetic peak of the same run.
 */
import { Bench } from 'tinybench';
import { Kernels } from '../../test/support/kernels.ts';
import type { Variant } from '../../test/support/variants.ts';
import { machineLine } from '../support/machine.js';
import { Probe, WARM_UP_MS } from '../support/probe.js';
import { interval, median, spread as spreadOf } from '../support/statistics.js';
import { type Clock, type ClockName, clockOf, WALL } from './clock.ts';
import type { Selection } from './selection.ts';

/** What is timed. A promise that it returns is awaited. */
export type Task = () => unknown;

/** The time of a task, or a ratio of times. */
export interface Figure {
  /** Milliseconds of one call, or a ratio: the median of the samples that count. */
  readonly value: number;
  /** 95 % confidence interval of the median. */
  readonly low: number;
  readonly high: number;
  /** From the 10th to the 90th percentile of the samples that count, as a part of the median. */
  readonly spread: number;
  /** Number of samples that count. */
  readonly samples: number;
  /** The machine was not quiet: too few quiet samples, so that all count, or too wide a spread. */
  readonly isNoisy: boolean;
}

/** One call of every task, between two probes. */
export interface Sample {
  /** Milliseconds of one call of each task. */
  readonly ms: readonly number[];
  /** The slower of the probes before and after, xors per nanosecond. */
  readonly rate: number;
}

/** How long and how often a task is measured. */
export interface Effort {
  /** At least so many milliseconds for every task. */
  readonly time: number;
  /** At least so many samples of every task. */
  readonly iterations: number;
  readonly clock: ClockName;
  /** A short run that only shows whether a bench works. */
  readonly isQuick: boolean;
}

/** A larger spread of quiet samples means interruptions between their probes. */
const WIDE = 0.25;
/** Fewer quiet samples than this make no median. */
const ENOUGH = 5;

/** 50 microseconds; a sample takes milliseconds. */
const PROBE_TURNS = 100_000;
const PEAK_TURNS = 20_000;
const PEAK_FACTOR_BYTES = 128;
/** Ten accumulators, four lanes, a multiplication and an addition. */
const PEAK_FLOPS_PER_TURN = 80;

/** One build on this machine. */
export class Machine {
  readonly build: Variant;
  readonly kernels: Kernels;
  readonly effort: Effort;
  /** Which rows of a bench to measure. */
  readonly selection: Selection;
  readonly #clock: Clock;
  readonly #probe: Probe;
  #peak = Number.NaN;

  private constructor(build: Variant, kernels: Kernels, effort: Effort, selection: Selection) {
    this.build = build;
    this.kernels = kernels;
    this.effort = effort;
    this.selection = selection;
    this.#clock = clockOf(effort.clock);
    this.#probe = new Probe(kernels.exports.peakXor, PROBE_TURNS);
  }

  /** Measures the peak first. */
  static async of(build: Variant, effort: Effort, selection: Selection): Promise<Machine> {
    const machine = new Machine(build, new Kernels(build.name), effort, selection);
    const { exports } = machine.kernels;
    const factors = exports.allocate(PEAK_FACTOR_BYTES);
    const samples = await machine.sample([() => exports.peakMadd(PEAK_TURNS, factors)], WALL);
    const fastest = Math.min(...samples.map(({ ms }) => ms[0]));
    machine.#peak = (PEAK_TURNS * PEAK_FLOPS_PER_TURN) / fastest / 1e6;
    return machine;
  }

  /** GFLOP/s of multiply-adds in registers: the best sample. */
  get peak(): number {
    return this.#peak;
  }

  /** The integer probe at its best, xors per nanosecond. */
  get probe(): number {
    return this.#probe.best();
  }

  /** Two lines about machine, build and peak, to print above every table. */
  describe(): string {
    return [
      `${machineLine()}, build ${this.build.name}, time of the ${this.effort.clock}`,
      `peak of multiply-adds in registers ${this.peak.toFixed(1)} GFLOP/s, ` +
        `integer probe ${this.probe.toFixed(1)} ops/ns at its best`,
    ].join('\n');
  }

  /** Times `run`. */
  async measure(run: Task): Promise<Figure> {
    const samples = await this.sample([run]);
    return this.figure(samples, ([ms]) => ms);
  }

  /** The median of `read` over the quiet samples, or over all where those are too few. */
  figure(samples: readonly Sample[], read: (ms: readonly number[]) => number): Figure {
    const quiet = this.#probe.quiet(samples);
    const isEnough = quiet.length >= ENOUGH;
    const values = (isEnough ? quiet : samples).map(({ ms }) => read(ms));
    const value = median(values);
    const spread = spreadOf(values);
    const [low, high] = interval(values);
    const isNoisy = !isEnough || spread > WIDE;
    return { value, low, high, spread, samples: values.length, isNoisy };
  }

  /** Runs `work` between two probes. */
  async between<T>(work: () => T | Promise<T>): Promise<{ result: T; rate: number }> {
    const before = this.#probe.rate();
    const result = await work();
    return { result, rate: Math.min(before, this.#probe.rate()) };
  }

  /** Times tasks in turn, so that a slow spell affects all of them and ratios stay right. */
  async sample(tasks: readonly Task[], clock = this.#clock): Promise<Sample[]> {
    const calls: number[] = [];
    for (const task of tasks) calls.push(await callsPerSample(task, clock));
    const samples: Sample[] = [];
    const bench = new Bench({
      time: this.effort.time,
      iterations: this.effort.iterations,
      warmupTime: WARM_UP_MS,
      warmupIterations: 2,
      throws: true,
      // Warm-up samples are recorded too; they are dropped when measuring begins.
      setup: (_task, mode) => {
        if (mode === 'run') samples.length = 0;
      },
    });
    bench.add('sample', async () => {
      const { result, rate } = await this.between(() => timesOf(tasks, calls, clock));
      samples.push({ ms: result.map((ms, i) => ms / calls[i]), rate });
      const duration = result.reduce((sum, ms) => sum + ms, 0);
      return { overriddenDuration: duration, overriddenIterationCost: duration };
    });
    await bench.run();
    return samples;
  }
}

async function callsPerSample(run: Task, clock: Clock): Promise<number> {
  const { sampleMs } = clock;
  for (let calls = 1; ; calls *= 2) {
    const ms = await timeOf(run, calls, clock);
    if (ms > sampleMs / 4) return Math.max(1, Math.ceil((sampleMs * calls) / ms));
  }
}

/** Milliseconds of `calls[i]` calls of each task, one task after the other. */
async function timesOf(
  tasks: readonly Task[],
  calls: readonly number[],
  clock: Clock,
): Promise<number[]> {
  const times: number[] = [];
  for (const [i, task] of tasks.entries()) times.push(await timeOf(task, calls[i], clock));
  return times;
}

/** Milliseconds of `calls` calls, one after the other. */
async function timeOf(run: Task, calls: number, clock: Clock): Promise<number> {
  const start = clock.now();
  for (let i = 0; i < calls; i++) {
    const pending = run();
    // An await costs more than a small kernel.
    if (pending instanceof Promise) await pending;
  }
  return clock.now() - start;
}
