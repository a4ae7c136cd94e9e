/**
 * `pruned_heads` of a configuration: attention heads taken out of a model, as Python's transformers
 * wrote them up to version 4: {layer: [heads]}, heads by their numbers in the whole model.
 */

import { ConfigError } from '../errors.ts';
import type { MobileBertConfig } from './config.ts';

/** Heads by layer; both are numbers of the model before anything was pruned. */
export type PrunedHeads = Record<number, number[]>;

/** Whether a value has the form of `pruned_heads`: layers as keys, lists of numbers. */
export function isPrunedHeads(value: unknown): value is PrunedHeads {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([layer, heads]) =>
      /^(0|[1-9]\d{0,3})$/.test(layer) &&
      Array.isArray(heads) &&
      heads.every((head) => Number.isInteger(head) && head >= 0),
  );
}

/** ConfigError where a layer or head is not there, or a layer would keep none. */
export function checkPrunedHeads(config: MobileBertConfig): void {
  const { pruned_heads, num_hidden_layers, num_attention_heads } = config;
  for (const [layer, heads] of Object.entries(pruned_heads)) {
    if (heads.length === 0) continue;
    const where = `Cannot use config: "pruned_heads" `;
    if (Number(layer) >= num_hidden_layers) {
      throw new ConfigError(
        `${where}names layer ${layer}, expected less than "num_hidden_layers" (${num_hidden_layers})`,
      );
    }
    const odd = heads.find((head) => head >= num_attention_heads);
    if (odd !== undefined) {
      throw new ConfigError(
        `${where}names head ${odd} of layer ${layer}, expected less than "num_attention_heads" (${num_attention_heads})`,
      );
    }
    if (heads.length >= num_attention_heads) {
      throw new ConfigError(
        `${where}names ${heads.length} heads of layer ${layer}, expected less than "num_attention_heads" (${num_attention_heads})`,
      );
    }
  }
}

/** The heads that a layer has left, ascending. */
export function keptHeads(config: MobileBertConfig, layer: number): number[] {
  const pruned = new Set(config.pruned_heads[layer]);
  const all = Array.from({ length: config.num_attention_heads }, (_, head) => head);
  return all.filter((head) => !pruned.has(head));
}

/** The channels of a layer's heads, ascending; undefined where no head is pruned. */
export function keptChannels(config: MobileBertConfig, layer: number): number[] | undefined {
  if (!config.pruned_heads[layer]?.length) return undefined;
  const heads = keptHeads(config, layer);
  const size = config.true_hidden_size / config.num_attention_heads;
  return heads.flatMap((head) => Array.from({ length: size }, (_, i) => head * size + i));
}
