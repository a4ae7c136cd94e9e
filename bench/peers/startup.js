/**
 * Loading and memory: a fresh process each time, files in the disk cache. Out: the times of the
 * library's import and from files to the first logits, and resident bytes at four moments.
 */

import { figure, median } from '../support/statistics.js';
import { ContestantProcess } from './process.js';

/** Tokens of the first call. */
const FIRST_LENGTH = 8;
/** Tokens of the call after which memory is read again. */
const LONG_LENGTH = 384;

/**
 * @typedef {object} Sample
 * @property {number} importMs
 * @property {number} loadMs
 * @property {{ empty: number, loaded: number, used: number, peak: number }} memory bytes
 * @property {number} rate of the slower probe around it
 *
 * @typedef {object} Startup
 * @property {string} version
 * @property {string} runtime
 * @property {string} [note]
 * @property {Sample[]} samples
 */

/**
 * @param {import('./contestants.js').Contestant} contestant
 * @param {import('./process.js').Runtimes} runtimes
 * @param {import('../support/probe.js').Probe} probe
 * @returns {Promise<{ version: string, runtime: string, note?: string, sample: Sample }>}
 */
export async function startOnce(contestant, runtimes, probe) {
  const running = await ContestantProcess.start(contestant, runtimes, false);
  try {
    const before = probe.rate();
    const { version, runtime, note, importMs, loadMs, memory } = await running.ask(
      'load',
      FIRST_LENGTH,
    );
    const rate = Math.min(before, probe.rate());
    await running.ask('turn', LONG_LENGTH);
    const after = await running.ask('memory');
    return {
      ...{ version, runtime, note },
      sample: {
        ...{ importMs, loadMs, rate },
        memory: { empty: memory.empty, loaded: memory.now, used: after.now, peak: after.peak },
      },
    };
  } finally {
    await running.end();
  }
}

/**
 * Medians of the samples between quiet probes, or of all where there are none.
 *
 * @param {Sample[]} samples
 * @param {import('../support/probe.js').Probe} probe
 */
export function summarise(samples, probe) {
  const quiet = probe.quiet(samples);
  const kept = quiet.length > 0 ? quiet : samples;
  const megabytes = (/** @type {keyof Sample['memory']} */ when) =>
    Math.round(median(samples.map(({ memory }) => memory[when])) / 1e6);
  return {
    import: figure(kept.map(({ importMs }) => importMs)),
    load: figure(kept.map(({ loadMs }) => loadMs)),
    count: kept.length,
    isNoisy: quiet.length === 0,
    memoryMB: {
      empty: megabytes('empty'),
      loaded: megabytes('loaded'),
      after384: megabytes('used'),
      peak: megabytes('peak'),
    },
  };
}
