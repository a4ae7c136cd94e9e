/**
 * `pruned_heads` of a configuration: attention heads removed from a model, as Python's transformers
 * wrote them up to version 4: {layer: [heads]}, heads by their numbers in the whole model.
 */

/** Heads by layer; both are numbers in the model before anything was pruned. */
export type PrunedHeads = Record<number, number[]>;

/** The fields of a configuration that say which heads a layer has. */
export interface HeadFields {
  readonly num_attention_heads: number;
  /** Channels of all heads together, pruned ones included. */
  readonly true_hidden_size: number;
  readonly pruned_heads: Readonly<PrunedHeads>;
}

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

/** The heads that a layer keeps, ascending. */
export function keptHeads(config: HeadFields, layer: number): number[] {
  const pruned = new Set(config.pruned_heads[layer]);
  const all = Array.from({ length: config.num_attention_heads }, (_, head) => head);
  return all.filter((head) => !pruned.has(head));
}

/** The channels of the heads that a layer keeps, ascending; undefined where no head is pruned. */
export function keptChannels(config: HeadFields, layer: number): number[] | undefined {
  if (!config.pruned_heads[layer]?.length) return undefined;
  const heads = keptHeads(config, layer);
  const size = config.true_hidden_size / config.num_attention_heads;
  return heads.flatMap((head) => Array.from({ length: size }, (_, i) => head * size + i));
}
