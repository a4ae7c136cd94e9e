/**
 * Latency: this package and one peer side by side, some calls of each in turn. A pair is
 * probe, ours, probe, peer, probe; it counts when all three probes were quiet.
 */
import { setTimeout } from 'node:timers/promises';
import { figure, median, relativeL2, round } from '../support/statistics.js';
import { setAtOnce } from './cores.js';
import { ContestantProcess } from './process.js';

/** Enough for V8 to optimise and for caches to fill. */
const WARM_UP = { ms: 600, pairs: 3 };
/** Fewer quiet pairs than this make no median. */
const ENOUGH = 3;
/** For a peer with all cores: its threads spin for a while after a call. */
const REST_MS = 100;

/**
 * @typedef {object} Pair
 * @property {number[]} ours ms of each call
 * @property {number[]} peer ms of each call
 * @property {number} rate of the slowest probe around it
 *
 * @typedef {object} Duel
 * @property {Record<number, number>} error relative L2 of the peer's logits against ours, by length
 * @property {Record<number, Pair[]>} pairs by length
 */

/**
 * @param {import('./contestants.js').Contestant} peer
 * @param {import('./options.js').Options} options
 * @param {import('../support/probe.js').Probe} probe
 * @param {(length: number) => void} onLength called before each length
 * @returns {Promise<Duel>}
 */
export async function duel(peer, options, probe, onLength) {
  const { ours, lengths, samples, seconds, runtimes } = options;
  const both = [];
  try {
    for (const contestant of [ours, peer]) {
      both.push(await ContestantProcess.start(contestant, runtimes, contestant.isPinned));
      await both.at(-1).ask('load', lengths[0]);
    }
    /** @type {Duel} */
    const found = { error: {}, pairs: {} };
    for (const length of lengths) found.error[length] = await errorAt(both, length);
    for (const length of lengths) {
      onLength(length);
      const rest = peer.isPinned ? 0 : REST_MS;
      await warmUp(both, length);
      // Only after the warm-up: threads in which a library compiles would wait for the core.
      if (runtimes.isRealtime) setAllAtOnce(both, true);
      found.pairs[length] = await pairsAt(both, length, { samples, seconds, rest, probe });
      if (runtimes.isRealtime) setAllAtOnce(both, false);
    }
    return found;
  } finally {
    await Promise.all(both.map((one) => one.end()));
  }
}

async function errorAt([us, peer], length) {
  const expected = await us.ask('logits', length);
  return round(relativeL2(await peer.ask('logits', length), expected), 3);
}

async function warmUp(both, length) {
  const warm = performance.now() + WARM_UP.ms;
  for (let i = 0; i < WARM_UP.pairs || performance.now() < warm; i++) {
    for (const one of both) await one.ask('turn', length);
  }
}

/** The probe runs in this process. */
function setAllAtOnce(both, isAtOnce) {
  setAtOnce(process.pid, isAtOnce);
  for (const one of both) one.setAtOnce(isAtOnce);
}

/** Measures until enough pairs are quiet or the time is over. @returns {Promise<Pair[]>} */
async function pairsAt([us, peer], length, { samples, seconds, rest, probe }) {
  const end = performance.now() + 1000 * seconds;
  const pairs = [];
  let quiet = 0;
  while (quiet < samples && (performance.now() < end || pairs.length < ENOUGH)) {
    if (rest) await setTimeout(rest);
    const rates = [probe.rate()];
    const oursCalls = await us.ask('turn', length);
    rates.push(probe.rate());
    const peerCalls = await peer.ask('turn', length);
    rates.push(probe.rate());
    const rate = Math.min(...rates);
    pairs.push({ ours: oursCalls, peer: peerCalls, rate });
    if (probe.isQuiet(rate)) quiet++;
  }
  return pairs;
}

/**
 * Medians of the quiet pairs, or of all pairs where too few were quiet: of the calls in a row, and
 * of the first call of each turn, which finds the caches full of the other contestant's data.
 *
 * @param {Pair[]} pairs
 * @param {import('../support/probe.js').Probe} probe
 */
export function summarise(pairs, probe) {
  const quiet = probe.quiet(pairs);
  const isNoisy = quiet.length < ENOUGH;
  const kept = isNoisy ? pairs : quiet;
  return {
    ...compare(kept, (calls) => median(calls.slice(1))),
    first: compare(kept, ([call]) => call),
    pairs: kept.length,
    dropped: pairs.length - kept.length,
    isNoisy,
  };
}

/** @param {Pair[]} pairs @param {(calls: number[]) => number} of a turn's calls */
function compare(pairs, of) {
  const ours = figure(pairs.map((pair) => of(pair.ours)));
  const peer = figure(pairs.map((pair) => of(pair.peer)));
  return { ours, peer, ratio: round(peer.ms / ours.ms, 3) };
}
