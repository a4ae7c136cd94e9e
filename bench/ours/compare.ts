/**
 * Is the second of two results of a bench faster? In: files that `--json` wrote. Out: ratios with
 * bounds from the noise of both, and a word where both bounds are on one side of 1.
 */
import { machineLine } from '../support/machine.js';
import { type Column, digits, head, line } from '../support/table.js';
import { type Entry, type Result, type Run, readResult } from './result.ts';

/** Two runs on a quiet machine differ by up to this share (README.md). */
const DRIFT = 0.03;

const COLUMNS: Column[] = [
  { title: '', width: 50, isText: true },
  { title: 'before', width: 8 },
  { title: 'after', width: 8 },
  { title: 'ratio', width: 6 },
  { title: 'bounds', width: 12 },
  { title: '', width: 8, isText: true },
];

/** Prints one table for every build that both results have. */
export async function compare(files: readonly string[]): Promise<void> {
  if (files.length !== 2) {
    throw new RangeError('Usage: npm run bench -- compare BEFORE.json AFTER.json');
  }
  const [before, after] = await Promise.all(files.map(readResult));
  if (before.bench !== after.bench) {
    throw new RangeError(
      `Cannot compare: found results of ${before.bench} and ${after.bench}, expected one bench`,
    );
  }
  console.log(describe(before, after));
  for (const run of before.runs) {
    const other = after.runs.find(({ build }) => build === run.build);
    if (other) printRuns(run, other);
  }
  console.log(
    `\nratio: after over before, below 1 is faster; bounds of 95 %, and ${100 * DRIFT} % for what ` +
      'two runs\nalways differ by; ~ one of both was measured on a busy machine',
  );
}

/** The ratio of two figures with its bounds, and the verdict on them. */
export function ratioOf(before: Entry, after: Entry) {
  const ratio = after.value / before.value;
  const low = (after.low / before.high) * (1 - DRIFT);
  const high = (after.high / before.low) * (1 + DRIFT);
  const verdict = high < 1 ? 'less' : low > 1 ? 'more' : 'same';
  return { ratio, low, high, verdict };
}

function printRuns(before: Run, after: Run): void {
  console.log(`\n${head(COLUMNS, `build ${before.build}`)}`);
  const peaks = `peak ${before.peak.toFixed(1)} -> ${after.peak.toFixed(1)} GFLOP/s`;
  const probes = `integer probe ${before.probe.toFixed(2)} -> ${after.probe.toFixed(2)} ops/ns`;
  for (const entry of before.entries) {
    const other = after.entries.find(({ name }) => name === entry.name);
    if (!other || entry.value === 0) continue;
    const { ratio, low, high, verdict } = ratioOf(entry, other);
    const values = [entry, other].map(({ value }) => digits(value));
    const bounds = `${low.toFixed(2)}..${high.toFixed(2)}`;
    const mark = entry.isNoisy || other.isNoisy ? `${verdict} ~` : verdict;
    console.log(line(COLUMNS, [entry.name, ...values, ratio.toFixed(3), bounds, mark]));
  }
  console.log(`${peaks}, ${probes}`);
}

function describe(before: Result, after: Result): string {
  const [one, other] = [before, after].map(({ machine }) => machineLine(machine));
  const lines = [`${before.bench}: ${before.date} -> ${after.date}`, one];
  if (one !== other) lines.push(other, 'WARNING: two machines; times do not compare');
  if (before.clock !== after.clock) lines.push('WARNING: two clocks; times do not compare');
  if (before.isQuick || after.isQuick) lines.push('WARNING: a --quick run; nothing to conclude');
  return lines.join('\n');
}
