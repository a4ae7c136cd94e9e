#!/usr/bin/env node
/** The `mobilebert` command: hands the process to `run()`. */

import process from 'node:process';
import { run } from './run.ts';

// A write that fails rejects where it was made; without a listener it would end the process as well.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

run(process.argv.slice(2), process).then((code) => {
  process.exitCode = code;
});
