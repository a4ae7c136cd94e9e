/** This package, as `npm run build` leaves it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { int64Tensors } from './int64-tensors.js';

/** @returns {Promise<import('../child.js').Library>} */
export async function open() {
  const root = new URL('../../../', import.meta.url);
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const { MobileBertForQuestionAnswering, Tensor } = await import(
    new URL('build/js/index.js', root).href
  );
  return {
    version,
    async load(folder, dtype) {
      // Converted once, as small weights are deployed.
      const from = dtype === 'fp32' ? folder : join(folder, 'q8');
      const model = await MobileBertForQuestionAnswering.from_pretrained(from, { dtype });
      return {
        prepare: int64Tensors(Tensor),
        async run(feeds) {
          const { start_logits, end_logits } = await model(feeds);
          return [start_logits.data, end_logits.data];
        },
        note: async () => `build ${(await model.info()).build}`,
      };
    },
  };
}
