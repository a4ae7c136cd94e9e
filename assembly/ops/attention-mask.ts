/** What attention's scores start from: the additive mask as the biases of the keys' panels. */
import { f32s, roundUp8 } from '../memory/layout';

/**
 * mask i32 [S] -> the first 8 f32 of each panel, `panelBytes` apart. A hidden key starts at the most
 * negative finite f32 (transformers' additive mask), which absorbs any score; columns past S start at
 * -Infinity, so that they weigh nothing even where every key is hidden.
 */
export function maskBiases(panels: usize, panelBytes: usize, mask: usize, S: i32): void {
  const padded = roundUp8(S);
  for (let j = 0; j < padded; j++) {
    const bias = panels + <usize>(j >> 3) * panelBytes + f32s(j & 7);
    if (j >= S) store<f32>(bias, -Infinity);
    else store<f32>(bias, load<i32>(mask + f32s(j)) ? 0 : -f32.MAX_VALUE);
  }
}
