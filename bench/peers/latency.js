/**
 * Latency: this package and one peer side by side, one call of each in turn. A pair is
 * probe, ours, probe, peer, probe; it counts when all three probes were quiet.
 */
import { setTimeout } from 'node:timers/promises';
import { ContestantProcess } from './process.js';
import { figure, relativeL2, round } from './statistics.js';

/** Until V8 has compiled what it will and caches are warm. */
const WARM_UP = { ms: 600, pairs: 3 };
/** Fewer quiet pairs than this make no median. */
const ENOUGH = 3;
/** For a peer with all cores to let go of them: its threads wait for work by spinning. */
const REST_MS = 100;

/**
 * @typedef {object} Pair
 * @property {number} ours ms
 * @property {number} peer ms
 * @property {number} rate of the slowest probe around it
 *
 * @typedef {object} Duel
 * @property {Record<number, number>} error relative L2 of the peer's logits against ours, by length
 * @property {Record<number, Pair[]>} pairs by length
 */

/**
 * @param {import('./contestants.js').Contestant} peer
 * @param {import('./options.js').Options} options
 * @param {import('./probe.js').Probe} probe
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
      found.pairs[length] = await pairsAt(both, length, { samples, seconds, rest, probe });
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

/** @returns {Promise<Pair[]>} until so many are quiet or the time is over */
async function pairsAt([us, peer], length, { samples, seconds, rest, probe }) {
  const warm = performance.now() + WARM_UP.ms;
  for (let i = 0; i < WARM_UP.pairs || performance.now() < warm; i++) {
    await us.ask('time', length);
    await peer.ask('time', length);
  }
  const end = performance.now() + 1000 * seconds;
  const pairs = [];
  let quiet = 0;
  while (quiet < samples && (performance.now() < end || pairs.length < ENOUGH)) {
    if (rest) await setTimeout(rest);
    const rates = [probe.rate()];
    const oursMs = await us.ask('time', length);
    rates.push(probe.rate());
    const peerMs = await peer.ask('time', length);
    rates.push(probe.rate());
    const rate = Math.min(...rates);
    pairs.push({ ours: oursMs, peer: peerMs, rate });
    if (probe.isQuiet(rate)) quiet++;
  }
  return pairs;
}

/**
 * Medians of the quiet pairs, or of all where too few were.
 *
 * @param {Pair[]} pairs
 * @param {import('./probe.js').Probe} probe
 */
export function summarise(pairs, probe) {
  const quiet = pairs.filter(({ rate }) => probe.isQuiet(rate));
  const isNoisy = quiet.length < ENOUGH;
  const kept = isNoisy ? pairs : quiet;
  const us = figure(kept.map((pair) => pair.ours));
  const peer = figure(kept.map((pair) => pair.peer));
  return {
    ours: us,
    peer,
    ratio: round(peer.ms / us.ms, 3),
    pairs: kept.length,
    dropped: pairs.length - kept.length,
    isNoisy,
  };
}
