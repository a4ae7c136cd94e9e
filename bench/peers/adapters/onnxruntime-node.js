/** onnxruntime's native CPU provider on one thread. */
import { onnxSession } from './onnx-session.js';

/** @returns {Promise<import('../child.js').Library>} */
export async function open() {
  const ort = await import('onnxruntime-node');
  return {
    version: ort.env.versions.node ?? ort.env.versions.common,
    load: (folder, dtype) =>
      onnxSession(ort, folder, dtype, {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
      }),
  };
}
