/** What onnxruntime's two packages share: one interface, one file per dtype. */
import { join } from 'node:path';
import { int64Tensors } from './int64-tensors.js';

const FILES = { fp32: 'model.onnx', q8: 'model_quantized.onnx' };

/**
 * @param {any} ort the module
 * @param {string} folder
 * @param {'fp32' | 'q8'} dtype
 * @param {object} options of InferenceSession.create
 * @returns {Promise<import('../child.js').Model>}
 */
export async function onnxSession(ort, folder, dtype, options) {
  const path = join(folder, 'onnx', FILES[dtype]);
  const session = await ort.InferenceSession.create(path, options);
  return {
    prepare: int64Tensors(ort.Tensor),
    async run(feeds) {
      const { start_logits, end_logits } = await session.run(feeds);
      return [start_logits.data, end_logits.data];
    },
  };
}
