/** Runtimes that read files: Node, Deno and Bun. Prints the record as the last line. */

import { runChecks } from './checks.js';
import expected from './expected.json' with { type: 'json' };
import { failure } from './failure.js';

const source = (folder) => new URL(`./files/${folder}/`, import.meta.url);

try {
  console.log(JSON.stringify(await runChecks({ expected, source })));
} catch (error) {
  console.log(JSON.stringify(failure(error)));
}
