/** Cloudflare's bundler: a deployment up to the upload. */
import process from 'node:process';
import { run } from '../support/commands.js';
import { fetched } from '../support/packages.js';
import { STAGE } from '../support/paths.js';

/**
 * Bundles as `wrangler deploy` does, into a folder.
 *
 * @param {string[]} args
 * @param {string} folder
 * @param {{ cwd: string, env?: Record<string, string> }} options
 */
export async function dryDeploy(args, folder, { cwd, env = {} }) {
  const wrangler = await fetched('wrangler', 'wrangler@4', 'bin/wrangler.js');
  const quiet = { WRANGLER_SEND_METRICS: 'false', CI: '1', HOME: STAGE };
  const command = [wrangler, 'deploy', ...args, '--dry-run', '--outdir', folder];
  await run(process.execPath, command, { cwd, env: { ...quiet, ...env } });
}
