/** What a bundler makes one site of: the checks, and the report that page.js awaits. */
import { failure } from './failure.js';
import { run } from './in-page.js';

const place = new URL(location.href).searchParams.get('in');
const record = await run(false).catch(failure);
await fetch(`/report?in=${place}`, { method: 'POST', body: JSON.stringify(record) });
