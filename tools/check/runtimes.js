/**
 * `npm run test:runtimes`: runs the packed package in every runtime. Each computes the same twenty
 * numbers (test/runtimes/checks.js).
 *
 *     node tools/check/runtimes.js [--keep] [name ...]
 *
 * Names, or parts of them ("node", "firefox"), choose runtimes. --keep reuses the stage of the last
 * run. Runtimes are fetched from the npm registry into build/runtimes. Browsers are Debian
 * packages, installed where this process is root; elsewhere they are "not here". Ends with a line
 * "N passed, N failed", which does not count those that are not here.
 */
import { parseArgs } from 'node:util';
import { browserHosts } from '../../test/runtimes/hosts/browsers.js';
import { bunInstallHost } from '../../test/runtimes/hosts/bun-install.js';
import { bundlerHosts } from '../../test/runtimes/hosts/bundlers.js';
import { cliHost } from '../../test/runtimes/hosts/cli.js';
import { exampleHosts } from '../../test/runtimes/hosts/examples.js';
import { extensionHost } from '../../test/runtimes/hosts/extension.js';
import { Missing } from '../../test/runtimes/hosts/host.js';
import { jsrHost } from '../../test/runtimes/hosts/jsr.js';
import { localHosts } from '../../test/runtimes/hosts/local.js';
import { typescriptHosts } from '../../test/runtimes/hosts/typescript.js';
import { workerHosts } from '../../test/runtimes/hosts/worker.js';
import { workerdHost } from '../../test/runtimes/hosts/workerd.js';
import { makeStage } from '../../test/runtimes/support/stage.js';

const COLUMNS = [
  ['runtime', 28],
  ['version', 16],
  ['build', 9],
  ['threads', 9],
  ['load', 6],
  ['simd', 6],
  ['relaxed', 9],
  ['q8', 6],
  ['', 6],
  ['', 0],
];

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'boolean', default: false } },
});
const hosts = [
  ...localHosts,
  bunInstallHost,
  cliHost,
  workerdHost,
  ...browserHosts,
  extensionHost,
  ...typescriptHosts,
  jsrHost,
  ...bundlerHosts,
  ...exampleHosts,
  ...workerHosts,
].filter(
  ({ name }) =>
    positionals.length === 0 ||
    positionals.some((word) => name.toLowerCase().includes(word.toLowerCase())),
);

if (!values.keep) await makeStage();
console.log(
  'load: the bundled model; simd, relaxed, q8: best of 7 calls of the full-size model, 128 tokens\n' +
    'in one thread, in fp32 on both builds and in q8; all in milliseconds\n',
);
printRow(COLUMNS.map(([title]) => title));
const count = { pass: 0, FAILED: 0, 'not here': 0 };
// One after the other, so that each has the processor to itself.
for (const host of hosts) {
  const outcome = await host.run().catch((error) => ({ error }));
  const { version = '', build = '', threads = '', load, latency = {} } = outcome;
  // A record without a build is a failure.
  const error = outcome.error ?? (build ? undefined : 'the record is empty');
  const verdict = !error ? 'pass' : error instanceof Missing ? 'not here' : 'FAILED';
  count[verdict]++;
  const { simd, relaxed, q8 } = latency;
  const times = [load, simd, relaxed, q8].map((ms) => ms?.toFixed(0) ?? '');
  printRow([
    host.name,
    version,
    build,
    threads,
    ...times,
    `${verdict}${error ? `: ${String(error.message ?? error).trim()}` : ''}`,
    outcome.note ?? '',
  ]);
}
if (count['not here'] > 0) console.log(`\n${count['not here']} not here`);
console.log(`\n${count.pass} passed, ${count.FAILED} failed`);
process.exitCode = count.FAILED > 0 ? 1 : 0;

function printRow(cells) {
  console.log(
    cells
      .map((cell, i) => String(cell).padEnd(COLUMNS[i][1]))
      .join('')
      .trimEnd(),
  );
}
