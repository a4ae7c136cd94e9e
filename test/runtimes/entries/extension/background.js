/** The service worker of an extension (Manifest V3): runs the checks and reports the record. */
import { failure } from '../failure.js';
import { run } from '../in-page.js';

// No top-level await in service workers.
report();

async function report() {
  const { origin } = await (await fetch('/origin.json')).json();
  const record = await run(false).catch(failure);
  await fetch(`${origin}/report?in=extension`, { method: 'POST', body: JSON.stringify(record) });
}
