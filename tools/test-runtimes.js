/**
 * `npm run test:runtimes`: the packed package in every runtime, each computing the same twenty
 * numbers (test/runtimes/checks.js). Runtimes come from the npm registry into build/runtimes,
 * browsers are the system's. Words choose runtimes by name ("node", "firefox"); --keep takes the
 * stage of the run before. Ends with a line "N passed, N failed".
 */
import { parseArgs } from 'node:util';
import { browserHosts } from '../test/runtimes/hosts/browsers.js';
import { bundlerHosts } from '../test/runtimes/hosts/bundlers.js';
import { exampleHosts } from '../test/runtimes/hosts/examples.js';
import { Missing } from '../test/runtimes/hosts/host.js';
import { localHosts } from '../test/runtimes/hosts/local.js';
import { typescriptHosts } from '../test/runtimes/hosts/typescript.js';
import { workerdHost } from '../test/runtimes/hosts/workerd.js';
import { makeStage } from '../test/runtimes/support/stage.js';

const COLUMNS = [
  ['runtime', 28],
  ['version', 16],
  ['build', 9],
  ['threads', 9],
  ['load ms', 9],
  ['simd ms', 9],
  ['relaxed ms', 12],
  ['', 0],
];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false } },
});
const hosts = [
  ...localHosts,
  workerdHost,
  ...browserHosts,
  ...typescriptHosts,
  ...bundlerHosts,
  ...exampleHosts,
].filter(
  ({ name }) =>
    positionals.length === 0 ||
    positionals.some((word) => name.toLowerCase().includes(word.toLowerCase())),
);

if (!values.keep) await makeStage();
console.log(
  'simd ms, relaxed ms: best of 7 calls of the full-size model, 128 tokens, one thread\n',
);
printRow(COLUMNS.map(([title]) => title));
let passed = 0;
let failed = 0;
// One after the other: each is alone with the processor.
for (const host of hosts) {
  const outcome = await host.run().catch((error) => ({ error }));
  const { version = '', build = '', threads = '', load, latency = {} } = outcome;
  // A record without its figures is no pass.
  const error = outcome.error ?? (build ? undefined : 'the record is empty');
  if (error) failed++;
  else passed++;
  const times = [load, latency.simd, latency.relaxed].map((ms) => ms?.toFixed(0) ?? '');
  printRow([
    host.name,
    version,
    build,
    threads,
    ...times,
    error ? reason(error) : (outcome.note ?? 'pass'),
  ]);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function reason(error) {
  const message = String(error.message ?? error).trim();
  return `${error instanceof Missing ? 'not here' : 'FAILED'}: ${message}`;
}

function printRow(cells) {
  console.log(
    cells
      .map((cell, i) => String(cell).padEnd(COLUMNS[i][1]))
      .join('')
      .trimEnd(),
  );
}
