/** The checks with the files of this site. */
import { runChecks } from './checks.js';

/** @param {boolean} [isTimed] */
export async function run(isTimed = true) {
  const expected = await (await fetch('/expected.json')).json();
  const source = (folder) => new URL(`/files/${folder}/`, location.href);
  return runChecks({ expected, source, isTimed });
}
