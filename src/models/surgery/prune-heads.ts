/**
 * Removes attention heads: `prune_heads` of Python's transformers up to version 4. In memory a
 * pruned head's query, key and value rows and its columns of the output layer become zero; files
 * leave them out. Both compute exactly what Python's smaller layers do.
 */

import { MobileBertConfig } from '../../config/config.ts';
import type { PrunedHeads } from '../../config/pruned-heads.ts';
import { Panels } from '../../engine/packed/panels.ts';
import type { Target } from '../load/placement.ts';

/** Heads by layer, as a caller writes them. */
export type HeadsToPrune = Readonly<Record<number, Iterable<number>>>;

/**
 * Prunes in place, in addition to the heads that are pruned already.
 *
 * @throws ConfigError for a layer or head that is not there, or a layer that would keep none
 */
export function pruneHeads(target: Target, heads: HeadsToPrune): void {
  const { config } = target;
  const pruned_heads = union(config.pruned_heads, heads);
  // Checked as a whole before the first weight is touched.
  new MobileBertConfig({ ...config.to_dict(), pruned_heads });
  target.engine.openWeights(() => {
    for (const [layer, numbers] of Object.entries(pruned_heads)) {
      for (const head of numbers) clearHead(target, Number(layer), head);
    }
  });
  config.pruned_heads = pruned_heads;
}

function union(pruned: PrunedHeads, heads: HeadsToPrune): PrunedHeads {
  if (typeof heads !== 'object' || heads === null) {
    throw new TypeError(
      `Cannot prune heads: found ${heads === null ? 'null' : typeof heads}, expected lists of heads by layer`,
    );
  }
  const all: PrunedHeads = { ...pruned };
  for (const [layer, numbers] of Object.entries(heads)) {
    if (typeof numbers?.[Symbol.iterator] !== 'function') {
      throw new TypeError(
        `Cannot prune heads: layer ${layer} has ${typeof numbers}, expected a list of heads`,
      );
    }
    const both = new Set([...(all[Number(layer)] ?? []), ...numbers]);
    if (both.size > 0) all[layer as unknown as number] = [...both].sort((a, b) => a - b);
  }
  return all;
}

function clearHead(target: Target, layer: number, head: number): void {
  const { engine, config } = target;
  const { true_hidden_size: T, hidden_size: H, num_attention_heads: A } = config;
  const size = T / A;
  const valueInputs = config.use_bottleneck_attention ? T : H;
  const panelsOf = (slot: 'Query' | 'Key' | 'Value' | 'AttentionOutput') =>
    new Panels(engine, { slot, layer, network: 0 }, T);
  for (const slot of ['Query', 'Key', 'Value'] as const) {
    const panels = panelsOf(slot);
    const inputs = slot === 'Value' ? valueInputs : T;
    for (let n = head * size; n < (head + 1) * size; n++) {
      panels.setBias(n, 0);
      for (let k = 0; k < inputs; k++) panels.clear(n, k);
    }
  }
  const output = panelsOf('AttentionOutput');
  for (let k = head * size; k < (head + 1) * size; k++) {
    for (let n = 0; n < T; n++) output.clear(n, k);
  }
}
