/** transformers.js with its own defaults: on Node that is onnxruntime-node with all cores. */
import { basename, dirname } from 'node:path';
import { int64Tensors } from './int64-tensors.js';

/** @returns {Promise<import('../child.js').Library>} */
export async function open() {
  const { AutoModelForQuestionAnswering, Tensor, env } = await import('@huggingface/transformers');
  return {
    version: env.version,
    async load(folder, dtype) {
      env.localModelPath = dirname(folder);
      env.allowRemoteModels = false;
      const model = await AutoModelForQuestionAnswering.from_pretrained(basename(folder), {
        dtype,
      });
      return {
        prepare: int64Tensors(Tensor),
        async run(feeds) {
          const { start_logits, end_logits } = await model(feeds);
          return [start_logits.data, end_logits.data];
        },
      };
    },
  };
}
