/**
 * MobileBERT in this package and in others: the same weights and inputs, outputs compared before
 * anything is timed, calls in turn. How to run and read it: README.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMachine, machineSlug } from '../support/machine.js';
import { Probe, QUIET } from '../support/probe.js';
import { round } from '../support/statistics.js';
import { pinSelf } from './cores.js';
import { duel, summarise as summariseLatency } from './latency.js';
import { expectFiles, readOptions, USAGE } from './options.js';
import { startOnce, summarise as summariseStartup } from './startup.js';
import { tables } from './tables.js';

const results = fileURLToPath(new URL('../results/', import.meta.url));

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help')) return console.log(USAGE);
  const options = readOptions(args);
  expectFiles(options);
  const probe = Probe.open();
  const skipped = [];
  const runnable = options.chosen.filter(({ id, label, adapter }) => {
    const isMissing = adapter.endsWith('.py') && !options.runtimes.python;
    if (isMissing) skipped.push({ id, reason: `${label}: PEERS_PYTHON is not set` });
    return !isMissing;
  });
  const startups = await measureStartups([options.ours, ...runnable], options, probe, skipped);
  // Before this process is pinned, after which it sees one core.
  const machine = describeMachine(startups.get(options.ours).runtime);
  const duels = await measureDuels(runnable, startups, options, probe, skipped);
  if (duels.length === 0) {
    const reasons = skipped.map(({ reason }) => reason).join('; ');
    throw new Error(`Cannot compare: no peer ran (${reasons})`);
  }
  const result = {
    bench: 'peers',
    date: new Date().toISOString(),
    machine,
    probe: { best: round(probe.best(), 3), quietFrom: QUIET },
    method: methodOf(options),
    model: JSON.parse(await readFile(join(options.runtimes.folder, 'made-with.json'), 'utf8')),
    ours: describe(options.ours, startups.get(options.ours), probe),
    duels: duels.map(({ peer, found }) => ({
      ...describe(peer, startups.get(peer), probe),
      error: found.error,
      latency: Object.fromEntries(
        Object.entries(found.pairs).map(([n, pairs]) => [n, summariseLatency(pairs, probe)]),
      ),
    })),
    skipped,
  };
  console.log(`\n${tables(result)}\n`);
  await write(result, options.out);
}

/** Rounds over all contestants, so that a slow spell of the machine affects all of them. */
async function measureStartups(contestants, { ours, loads, runtimes }, probe, skipped) {
  /** @type {Map<any, import('./startup.js').Startup>} */
  const startups = new Map();
  for (let round = 1; round <= loads; round++) {
    for (const contestant of contestants) {
      if (round > 1 && !startups.has(contestant)) continue;
      progress(`load ${round} of ${loads}: ${contestant.label}`);
      try {
        // The first start only fills the disk cache.
        if (round === 1) await startOnce(contestant, runtimes, probe);
        const { sample, ...about } = await startOnce(contestant, runtimes, probe);
        startups.set(contestant, {
          ...about,
          samples: [...(startups.get(contestant)?.samples ?? []), sample],
        });
      } catch (error) {
        if (contestant === ours) throw error;
        skipped.push({ id: contestant.id, reason: error.message });
      }
    }
  }
  return startups;
}

async function measureDuels(contestants, startups, options, probe, skipped) {
  if (options.runtimes.core !== undefined) pinSelf(options.runtimes.core);
  const duels = [];
  for (const peer of contestants.filter((one) => startups.has(one))) {
    try {
      const found = await duel(peer, options, probe, (length) =>
        progress(`${peer.label}: ${length} tokens`),
      );
      duels.push({ peer, found });
    } catch (error) {
      skipped.push({ id: peer.id, reason: error.message });
    }
  }
  progress('');
  return duels;
}

function describe({ id, label, dtype, kind, isPinned }, { samples, ...about }, probe) {
  const threads = isPinned ? 1 : 'all';
  return { id, label, dtype, kind, threads, ...about, startup: summariseStartup(samples, probe) };
}

function methodOf({ lengths, samples, seconds, loads, runtimes }) {
  const { core = null, isRealtime } = runtimes;
  return { lengths, samples, seconds, loads, core, isRealtime };
}

async function write(result, out) {
  const bench = result.ours.dtype === 'fp32' ? 'peers' : `peers-${result.ours.dtype}`;
  const name = `${bench}-${machineSlug(result.machine)}-${result.date.slice(0, 10)}.json`;
  const path = out ?? join(results, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`written: ${path}`);
}

/** One line that the next one replaces. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
