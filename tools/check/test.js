/**
 * `npm test`: builds, runs the suite under this Node and, where this one lacks relaxed SIMD, under a
 * current Node from the npm registry as well, so that every build is tested. Ends with a line
 * "N passed, N failed" over all runs. Arguments go to vitest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** The Node that runs the relaxed build where this one does not. */
const CURRENT = '24';
const BUILD = path.resolve('build');
const VITEST = path.resolve('node_modules/vitest/vitest.mjs');

run(process.execPath, ['tools/build/wasm.js']);
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
run(process.execPath, ['tools/build/package.js']);

const runs = [suite(process.execPath)];
if (!runs[0].node.hasRelaxed) runs.push(suite(currentNode()));

console.log('');
for (const { node, passed, failed } of runs) {
  const builds = node.hasRelaxed ? 'simd, dot, relaxed and debug' : 'simd and debug';
  console.log(`Node ${node.version}: ${builds} builds, ${passed} passed, ${failed} failed`);
}
const passed = runs.reduce((sum, run) => sum + run.passed, 0);
const failed = runs.reduce((sum, run) => sum + run.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || runs.some((run) => run.status !== 0) ? 1 : 0;

/** One run of the suite under one Node. */
function suite(execPath) {
  const version = output(execPath, ['--version']).slice(1);
  const report = path.join(BUILD, `test-report.${version}.json`);
  rmSync(report, { force: true });
  console.log(`\n== Node ${version} ==`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = spawnSync(execPath, [VITEST, 'run', ...reporters, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  if (!existsSync(report)) return { node: { version }, passed: 0, failed: 1, status };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A file that cannot be loaded counts as a failure of its own.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    node: { version, hasRelaxed: hasRelaxedSimd(execPath) },
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    status,
  };
}

/** Whether a Node accepts the relaxed build. */
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
