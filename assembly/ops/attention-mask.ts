/** What attention's scores start from, in every head: the mask as biases of the keys' panels. */
import { f32s, roundUp8 } from '../memory/layout';

/**
 * mask i32 [S] -> the first 8 f32 of each panel, `panelBytes` apart; the last one, whose columns past S no
 * key is packed into, is zeros behind them. A hidden key starts at the most
 * negative finite f32 (transformers' additive mask), which absorbs any score; columns past S start at
 * -Infinity, so that they weigh nothing even where every key is hidden.
 */
export function maskBiases(panels: usize, panelBytes: usize, mask: usize, S: i32): void {
  const padded = roundUp8(S);
  if (padded > S) memory.fill(panels + <usize>(S >> 3) * panelBytes, 0, panelBytes);
  for (let j = 0; j < padded; j++) {
    const bias = panels + <usize>(j >> 3) * panelBytes + f32s(j & 7);
    if (j >= S) store<f32>(bias, -Infinity);
    else store<f32>(bias, load<i32>(mask + f32s(j)) ? 0 : -f32.MAX_VALUE);
  }
}
