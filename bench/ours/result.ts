/**
 * The file of a result: one per bench, machine and date. In: the figures that benches add. Out:
 * JSON in bench/results, which compare.ts and charts.js read.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeMachine, type MachineRecord, machineSlug } from '../support/machine.js';
import type { ClockName } from './clock.ts';
import type { Effort, Figure } from './harness.ts';

/** The unit of a value; a ratio has none. */
export type Unit = 'ms' | 'MB' | 'ratio';

/** One figure under a name that is the same in every run. */
export interface Entry extends Figure {
  readonly name: string;
  readonly unit: Unit;
  /** Largest error, as a part of the largest right value, where it was computed. */
  readonly error?: number;
  /** The abscissa of the value: tokens, or sequences of a batch. */
  readonly at?: number;
}

/** The figures of one build; "none" where they do not depend on the build. */
export interface Run {
  readonly build: string;
  /** GFLOP/s of multiply-adds in registers, in the same run. */
  readonly peak: number;
  readonly probe: number;
  readonly entries: Entry[];
}

/** A result's file. */
export interface Result {
  readonly bench: string;
  readonly date: string;
  readonly machine: MachineRecord;
  /** Measured in a tenth of the time, only to see that the bench works. */
  readonly isQuick: boolean;
  /** The clock of the milliseconds (clock.ts). */
  readonly clock: ClockName;
  readonly runs: Run[];
}

/** Collects the figures of one bench under one build. */
export class Report {
  readonly entries: Entry[] = [];

  add(name: string, figure: Figure, about: Partial<Pick<Entry, 'unit' | 'error' | 'at'>> = {}) {
    const { value, low, high, spread } = figure;
    this.entries.push({
      ...{ name, unit: about.unit ?? 'ms' },
      ...figure,
      ...{ value: round(value), low: round(low), high: round(high), spread: round(spread) },
      ...(about.error === undefined ? {} : { error: round(about.error) }),
      ...(about.at === undefined ? {} : { at: about.at }),
    });
  }

  /** Adds a figure without noise. */
  addExact(name: string, unit: Unit, value: number, at?: number): void {
    const figure = { value, low: value, high: value, spread: 0, samples: 1, isNoisy: false };
    this.add(name, figure, { unit, at });
  }
}

/** Writes a result, by default to bench/results/<bench>-<machine>-<date>.json. */
export async function writeResult(
  bench: string,
  runs: Run[],
  { isQuick, clock }: Effort,
  file: string,
): Promise<string> {
  const machine = describeMachine();
  const date = new Date().toISOString();
  const name = `${bench}-${machineSlug(machine)}-${date.slice(0, 10)}.json`;
  const path = file || join('bench/results', name);
  await mkdir(dirname(path), { recursive: true });
  const result: Result = { bench, date, machine, isQuick, clock, runs };
  await writeFile(path, `${JSON.stringify(result, null, 1)}\n`);
  return path;
}

/** @throws Error naming the file when it is not a result of these benches */
export async function readResult(path: string): Promise<Result> {
  const result = JSON.parse(await readFile(path, 'utf8'));
  if (Array.isArray(result?.runs) && typeof result.bench === 'string') return result;
  throw new Error(`Cannot compare ${path}: found no runs, expected a file of "npm run bench"`);
}

function round(value: number): number {
  return Number(value.toPrecision(5));
}
