/** The command of the installed package, with the bundled model. */
import path from 'node:path';
import { run } from '../support/commands.js';
import { STAGE } from '../support/paths.js';

const COMMAND = path.join(STAGE, 'node_modules/.bin/mobilebert-wasm');

/** @type {import('./host.js').Host} */
export const cliHost = {
  name: 'mobilebert-wasm classify',
  async run() {
    const said = await run(COMMAND, ['classify', '--json', 'I lost my card in Rome']);
    if (!said.includes('lost_or_stolen_card')) throw new Error(`It says ${said}`);
    const version = await run(COMMAND, ['--version']);
    return { version: version.trim(), build: '-' };
  },
};
