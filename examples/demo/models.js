/**
 * Where the models and their labelled texts are. A checkout of the repository has full weights and
 * whole test files; elsewhere the package brings models in q8, and samples.json has the labels of
 * the texts that are shown.
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseCsv } from './csv.js';

const CHECKOUT = new URL('../../models/', import.meta.url);
const PACKAGE = new URL('../models/', import.meta.resolve('mobilebert-wasm'));

/**
 * The folder of a model.
 *
 * @param {string} name
 */
export function folderOf(name) {
  return new URL(`${name}/`, isThere(new URL(`${name}/`, CHECKOUT)) ? CHECKOUT : PACKAGE);
}

/**
 * The labelled texts of a model; `isWhole` unless they are only those that the demo shows.
 *
 * @param {string} name
 */
export async function readTest(name) {
  for (const file of ['test.csv', 'test.json']) {
    const url = new URL(`${name}/${file}`, CHECKOUT);
    if (!isThere(url)) continue;
    const text = await readFile(url, 'utf8');
    return { test: file.endsWith('.csv') ? parseCsv(text) : JSON.parse(text), isWhole: true };
  }
  const samples = JSON.parse(await readFile(new URL('samples.json', import.meta.url), 'utf8'));
  return { test: samples[name], isWhole: false };
}

/** @param {URL} url */
function isThere(url) {
  return existsSync(fileURLToPath(url));
}
