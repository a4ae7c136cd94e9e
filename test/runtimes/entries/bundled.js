/** The site that bundlers bundle: examples/browser, the checks, and the report to the server. */
import { failure } from './failure.js';
import { run } from './in-page.js';

const place = new URL(location.href).searchParams.get('in');
const record = await main().catch(failure);
await fetch(`/report?in=${place}`, { method: 'POST', body: JSON.stringify(record) });

async function main() {
  await useExample();
  return run(false);
}

/** Types into the example's page and reads its answer. */
async function useExample() {
  const root = document.querySelector('main');
  await import('./examples/browser/main.js');
  const input = root.querySelector('input');
  await changed(root, () => !input.disabled);
  input.value = 'I lost my card in Rome';
  input.dispatchEvent(new Event('input'));
  await changed(root, () => root.querySelector('li'));
  const said = root.querySelector('li').textContent;
  if (!said.startsWith('lost_or_stolen_card ')) throw new Error(`The example says ${said}`);
}

/** Waits for a change of the page; throws the error that the example shows. */
async function changed(root, isDone) {
  while (!isDone()) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (/error/i.test(root.textContent)) throw new Error(root.textContent.trim());
  }
}
