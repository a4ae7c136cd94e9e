/**
 * An unpacked extension (Manifest V3): its service worker runs the checks when Chromium loads it.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { start } from '../support/commands.js';
import { STAGE } from '../support/paths.js';
import { CHROMIUM, CHROMIUM_FLAGS, runIn } from './browsers.js';

const FOLDER = path.join(STAGE, 'extension');

/**
 * Chromium loads extensions from its command line only with this feature off; Chrome never does.
 */
const FLAGS = [
  '--disable-features=DisableLoadExtensionCommandLineSwitch',
  `--disable-extensions-except=${FOLDER}`,
  `--load-extension=${FOLDER}`,
];

const withExtension = {
  ...CHROMIUM,
  async open(program, profile, url) {
    const { origin } = new URL(url);
    await writeFile(path.join(FOLDER, 'origin.json'), JSON.stringify({ origin }));
    const flags = [...CHROMIUM_FLAGS, ...FLAGS, `--user-data-dir=${profile}`];
    return start(program, [...flags, 'about:blank']);
  },
};

/** @type {import('./host.js').Host} */
export const extensionHost = {
  name: 'Chromium, extension (MV3)',
  run: () => runIn(withExtension, 'extension'),
};
