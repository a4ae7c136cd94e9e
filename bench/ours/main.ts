/** The command line: `npm run bench -- <bench>`, see bench/README.md. */
import process from 'node:process';
import { oneOf, parseArguments, UsageError } from '../../src/cli/arguments.ts';
import { suggestion } from '../../src/options.ts';
import { BENCHES } from './benches.ts';
import { CLOCKS } from './clock.ts';
import { rebuild } from './rebuild.ts';

const BUILDS = ['simd', 'dot', 'relaxed', 'debug'] as const;

const FULL = { time: 400, iterations: 10, isQuick: false };
const QUICK = { time: 40, iterations: 3, isQuick: true };

const OPTIONS = {
  build: { type: 'string' },
  only: { type: 'string' },
  clock: { type: 'string', default: 'wall' },
  json: { type: 'string' },
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const;

const HELP = `\
Measures this package. Compiles the modules first that are older than their sources.

Usage: npm run bench -- BENCH [OPTIONS]
       npm run bench -- compare BEFORE.json AFTER.json

Benches
${Object.entries(BENCHES)
  .map(([name, { question }]) => `  ${name.padEnd(12)} ${question}`)
  .join('\n')}

Options
      --build NAME   ${BUILDS.join(', ')}; by default every build that runs here
      --only TEXT    measure only rows whose names contain TEXT
                     (${withRows().join(', ')})
      --clock NAME   wall (default), or thread: CPU time, for machines that are
                     never quiet
      --quick        a tenth of the time, only to check that a bench works
      --json FILE    write the figures; auto: bench/results/<bench>-<machine>-<date>.json
  -h, --help         show this help

Examples
  npm run bench -- kernels --only "feed-forward up" --build simd
  npm run bench -- ops --only NoNorm --quick
  npm run bench -- guard
`;

async function main(args: readonly string[]): Promise<void> {
  const { positionals, values } = parseArguments(args, OPTIONS);
  const [name, ...files] = positionals;
  if (values.help || name === undefined || name === 'help') {
    if (name === undefined && !values.help)
      throw new UsageError(`Cannot run: found no bench\n\n${HELP}`);
    return console.log(HELP);
  }
  if (name === 'compare') return (await import('./compare.ts')).compare(files);
  const bench = benchNamed(name);
  if (files.length > 0) {
    throw new UsageError(
      `Cannot run "${name}": found "${files.join(' ')}" as well, expected one bench`,
    );
  }
  if (values.only !== undefined && !bench.hasRows) {
    throw new UsageError(
      `Cannot choose rows: ${name} runs as a whole, expected --only with ${withRows().join(', ')}`,
    );
  }
  if (values.build !== undefined) oneOf('build', values.build, BUILDS);
  const clock = oneOf('clock', values.clock, CLOCKS);
  await rebuild(bench, values.build);
  // Not before: the harness reads the modules when it is loaded.
  const { runSession } = await import('./session.ts');
  const { build, only, json } = values;
  const effort = { ...(values.quick ? QUICK : FULL), clock };
  await runSession({ name, bench, build, effort, only, json });
}

function benchNamed(name: string) {
  if (Object.hasOwn(BENCHES, name)) return BENCHES[name];
  const expected = suggestion(name, [...Object.keys(BENCHES), 'compare', 'help']);
  throw new UsageError(`Cannot run "${name}": there is no such bench, expected ${expected}`);
}

function withRows(): string[] {
  return Object.keys(BENCHES).filter((name) => BENCHES[name].hasRows);
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
