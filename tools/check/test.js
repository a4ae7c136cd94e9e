/**
 * `npm test`: builds, then runs the suite under this Node and, where this Node lacks relaxed SIMD,
 * under a current one from the npm registry as well, so that every build is tested.
 * vitest.config.ts says what runs under which. Arguments go to vitest. Ends with a line "N passed,
 * N failed" over all runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** Major version of the Node that runs the relaxed build where this Node cannot. */
const CURRENT = '24';
const BUILD = path.resolve('build');
const VITEST = path.resolve('node_modules/vitest/vitest.mjs');
const PROJECTS = {
  all: ['host', 'builds', 'engines'],
  withoutRelaxed: ['host', 'engines'],
  current: ['builds', 'engines'],
};

run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
run(process.execPath, ['tools/build/wasm.js']);
run(process.execPath, ['tools/build/package.js']);

const runs = hasRelaxedSimd(process.execPath)
  ? [suite(process.execPath, PROJECTS.all)]
  : [suite(process.execPath, PROJECTS.withoutRelaxed), suite(currentNode(), PROJECTS.current)];

console.log('');
for (const { version, projects, passed, failed } of runs) {
  console.log(`Node ${version}: ${projects.join(', ')}: ${passed} passed, ${failed} failed`);
}
const passed = runs.reduce((sum, run) => sum + run.passed, 0);
const failed = runs.reduce((sum, run) => sum + run.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
const isComplete = passed > 0 && failed === 0 && runs.every(({ status }) => status === 0);
process.exitCode = isComplete ? 0 : 1;

/** One run of some of vitest's projects under one Node. */
function suite(execPath, projects) {
  const version = output(execPath, ['--version']).slice(1);
  const report = path.join(BUILD, `test-report.${version}.json`);
  rmSync(report, { force: true });
  console.log(`\n== Node ${version}: ${projects.join(', ')} ==`);
  const options = [
    ...projects.flatMap((project) => ['--project', project]),
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    // Files that arguments name may be in the projects of the other run only.
    '--passWithNoTests',
  ];
  const { status } = spawnSync(execPath, [VITEST, 'run', ...options, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (!existsSync(report)) return { version, projects, passed: 0, failed: 1, status };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A file that cannot be loaded counts as one failure.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    version,
    projects,
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    status,
  };
}

/** Whether a Node compiles the relaxed build. */
function hasRelaxedSimd(execPath) {
  const check = `WebAssembly.validate(fs.readFileSync('build/wasm/relaxed.wasm'))`;
  return output(execPath, ['-p', check]) === 'true';
}

/** Path of a current Node, fetched once into build/runtimes. */
function currentNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = path.join(BUILD, 'runtimes', `node-${CURRENT}`);
  const bin = path.join(
    folder,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(bin)) {
    console.log(
      `\nNode ${process.versions.node} has no relaxed SIMD: fetching ${name}@${CURRENT} to test that build`,
    );
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    run('npm', ['install', '--prefix', folder, ...flags, `${name}@${CURRENT}`]);
  }
  return bin;
}

/** Runs a command that everything after it needs; its failure ends this process. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (status === 0) return;
  console.error(
    `Cannot run "${command} ${args.join(' ')}": ${error?.message ?? `exit status ${status}`}`,
  );
  console.log('0 passed, 1 failed');
  process.exit(1);
}

function output(command, args) {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout.trim();
}
