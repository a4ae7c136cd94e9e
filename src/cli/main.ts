#!/usr/bin/env node
/**
 * The command `mobilebert-wasm`, which is `mobilebert` as well: runs the command line with the
 * streams of the process.
 */

import process from 'node:process';
import { run } from './run.ts';

// A failed write rejects in print(). Without a listener, its error event would end the process too.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

run(process.argv.slice(2), process).then((code) => {
  process.exitCode = code;
});
