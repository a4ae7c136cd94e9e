/**
 * npm run bench -- kernels|ops|forward [--build simd|relaxed|debug] [--quick]
 */
import { parseArgs } from 'node:util';
import { variants } from '../test/support/variants.ts';
import { benchForward } from './forward.ts';
import { Machine } from './harness.ts';
import { benchKernels } from './kernels.ts';
import { benchOps } from './ops.ts';

const BENCHES = { kernels: benchKernels, ops: benchOps, forward: benchForward };
const USAGE = 'npm run bench -- kernels|ops|forward [--build simd|relaxed|debug] [--quick]';

/** Milliseconds for one task. */
const TIME = 400;
const QUICK_TIME = 40;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { build: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const name = positionals[0];
  if (positionals.length !== 1 || !(name in BENCHES)) throw new RangeError(`Usage: ${USAGE}`);
  const chosen = variants.filter((variant) =>
    values.build === undefined ? variant.name !== 'debug' : variant.name === values.build,
  );
  if (chosen.length === 0) {
    const names = variants.map((variant) => variant.name).join(', ');
    throw new RangeError(`Cannot run build "${values.build}": this machine runs ${names}`);
  }
  for (const variant of chosen) {
    const machine = await Machine.of(variant, values.quick ? QUICK_TIME : TIME);
    console.log(`\n${machine.describe()}`);
    await BENCHES[name as keyof typeof BENCHES](machine);
  }
  console.log(
    '\nspread: 10th to 90th percentile of a task; ~ not to be trusted, the machine was busy',
  );
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
