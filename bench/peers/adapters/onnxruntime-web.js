/** onnxruntime-web's WebAssembly provider on one thread. */
import { onnxSession } from './onnx-session.js';

/** @returns {Promise<import('../child.js').Library>} */
export async function open() {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  return {
    version: ort.env.versions.web ?? ort.env.versions.common,
    load: (folder, dtype) => onnxSession(ort, folder, dtype, { executionProviders: ['wasm'] }),
  };
}
