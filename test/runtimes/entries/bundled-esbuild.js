/** esbuild leaves `new URL(..., import.meta.url)` alone: the module is imported as a file. */
import simd from 'mobilebert-wasm/wasm/simd.wasm';
import { failure } from './failure.js';
import { run } from './in-page.js';

const place = new URL(location.href).searchParams.get('in');
const wasm = new URL(simd, import.meta.url);
const record = await run(false, { wasm, variant: 'simd' }).catch(failure);
await fetch(`/report?in=${place}`, { method: 'POST', body: JSON.stringify(record) });
