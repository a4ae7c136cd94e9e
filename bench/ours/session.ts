/** Runs one bench on each build, and writes its result. */
import { type Variant, variants } from '../../test/support/variants.ts';
import type { Bench } from './benches.ts';
import { type Effort, Machine } from './harness.ts';
import { Report, type Run, writeResult } from './result.ts';
import { Selection } from './selection.ts';

export interface Session {
  readonly name: string;
  readonly bench: Bench;
  readonly build: string | undefined;
  readonly effort: Effort;
  readonly only: string | undefined;
  /** A file, 'auto' for one named after the bench, machine and date, or none. */
  readonly json: string | undefined;
}

export async function runSession({
  name,
  bench,
  build,
  effort,
  only,
  json,
}: Session): Promise<void> {
  const { isSame, isWhole } = bench;
  const runs: Run[] = [];
  const selection = new Selection(only);
  const measure = await bench.load();
  for (const variant of isSame ? chosen('simd') : chosen(build ?? (isWhole ? 'dot' : undefined))) {
    const machine = await Machine.of(variant, effort, selection);
    console.log(`\n${machine.describe()}`);
    const report = new Report();
    await measure(machine, report);
    const { peak, probe } = machine;
    runs.push({ build: isSame ? 'none' : variant.name, peak, probe, entries: report.entries });
  }
  selection.check();
  console.log(
    '\nspread: 10th to 90th percentile of a task; ~ not to be trusted, the machine was busy',
  );
  if (json === undefined) return;
  const file = json === 'auto' ? '' : json;
  console.log(`written: ${await writeResult(name, runs, effort, file)}`);
}

/** The requested build, or all shipped builds that run models of floats here. */
function chosen(build: string | undefined): Variant[] {
  const found = variants.filter(({ name }) =>
    build === undefined ? name === 'simd' || name === 'relaxed' : name === build,
  );
  if (found.length > 0) return found;
  const names = variants.map((variant) => variant.name).join(', ');
  throw new RangeError(`Cannot run build "${build}": this machine runs ${names}`);
}
