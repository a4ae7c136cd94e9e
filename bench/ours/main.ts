/** The command line: `npm run bench -- <bench>`, see USAGE and bench/README.md. */
import { parseArgs } from 'node:util';
import { type Variant, variants } from '../../test/support/variants.ts';
import { benchBlock } from './block.ts';
import { benchCalibration } from './calibration.ts';
import { CLOCKS } from './clock.ts';
import { compare } from './compare.ts';
import { benchCosts } from './costs.ts';
import { benchFormats } from './formats.ts';
import { benchForward } from './forward.ts';
import { benchGuard } from './guard.ts';
import { type Effort, Machine } from './harness.ts';
import { benchKernels } from './kernels.ts';
import { benchLoad } from './load.ts';
import { benchOps } from './ops.ts';
import { benchQ8Kernels } from './q8-kernels.ts';
import { Report, type Run, writeResult } from './result.ts';
import { benchTokenizer } from './tokenizer.ts';

interface BenchOfMachine {
  readonly run: (machine: Machine, report: Report) => Promise<void>;
  /** What it measures does not depend on the build. */
  readonly isSame?: boolean;
  /** It measures integer products, which every build computes in its own way; `dot` by default. */
  readonly isWhole?: boolean;
}

const BENCHES: Record<string, BenchOfMachine> = {
  kernels: { run: benchKernels },
  ops: { run: benchOps },
  block: { run: benchBlock },
  forward: { run: benchForward },
  q8: { run: benchQ8Kernels, isWhole: true },
  tokenizer: { run: benchTokenizer, isSame: true },
  load: { run: benchLoad },
  formats: { run: benchFormats, isSame: true },
  calibration: { run: benchCalibration, isSame: true },
  costs: { run: benchCosts },
  guard: { run: benchGuard },
};

const USAGE = `Usage: npm run bench -- ${Object.keys(BENCHES).join('|')}
         [--build simd|relaxed|debug] [--clock wall|thread] [--quick] [--json FILE]
       npm run bench -- compare BEFORE.json AFTER.json
--json auto writes bench/results/<bench>-<machine>-<date>.json`;

const FULL = { time: 400, iterations: 10, isQuick: false };
const QUICK = { time: 40, iterations: 3, isQuick: true };

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      build: { type: 'string' },
      clock: { type: 'string', default: 'wall' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const [name, ...files] = positionals;
  if (name === 'compare') return compare(files);
  if (!Object.hasOwn(BENCHES, name ?? '') || files.length > 0) throw new RangeError(USAGE);
  const { run, isSame, isWhole } = BENCHES[name];
  const clock = CLOCKS.find((one) => one === values.clock);
  if (!clock) throw new RangeError(USAGE);
  const effort: Effort = { ...(values.quick ? QUICK : FULL), clock };
  const runs: Run[] = [];
  for (const variant of isSame
    ? chosen('simd')
    : chosen(values.build ?? (isWhole ? 'dot' : undefined))) {
    const machine = await Machine.of(variant, effort);
    console.log(`\n${machine.describe()}`);
    const report = new Report();
    await run(machine, report);
    const { peak, probe } = machine;
    runs.push({ build: isSame ? 'none' : variant.name, peak, probe, entries: report.entries });
  }
  console.log(
    '\nspread: 10th to 90th percentile of a task; ~ not to be trusted, the machine was busy',
  );
  if (values.json === undefined) return;
  const file = values.json === 'auto' ? '' : values.json;
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

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
