/** Slots to records: which layer, norm or table a place of the checkpoint is; null where there is none. */
import { Slot } from '../abi';
import { Linear, Norm, Table } from './layout';
import { blockAt, config, feedForwardAt, weights } from './plan';

/** Whether a block's slot names a layer and a network that exist; `linearOf` and `normOf` ask for it. */
export function hasSlot(slot: Slot, layer: i32, network: i32): bool {
  if (isOfBlock(slot) && (layer < 0 || layer >= config.layers)) return false;
  return network >= 0 && network < config.feedForwards;
}

export function tableOf(slot: Slot): Table | null {
  if (slot == Slot.WordEmbeddings) return weights.wordEmbeddings;
  if (slot == Slot.PositionEmbeddings) return weights.positionEmbeddings;
  if (slot == Slot.TokenTypeEmbeddings) return weights.tokenTypeEmbeddings;
  return null;
}

function isOfBlock(slot: Slot): bool {
  return slot >= Slot.InputBottleneck && slot <= Slot.OutputBottleneckNorm;
}

export function linearOf(slot: Slot, layer: i32, network: i32): Linear | null {
  if (isOfBlock(slot)) {
    const block = blockAt(layer);
    if (slot == Slot.InputBottleneck) return block.inputBottleneck;
    if (slot == Slot.SharedBottleneck) return block.sharedBottleneck;
    if (slot == Slot.Query) return block.query;
    if (slot == Slot.Key) return block.key;
    if (slot == Slot.Value) return block.value;
    if (slot == Slot.AttentionOutput) return block.attentionOutput;
    if (slot == Slot.FeedForwardIntermediate) return feedForwardAt(block, network).intermediate;
    if (slot == Slot.FeedForwardOutput) return feedForwardAt(block, network).output;
    if (slot == Slot.OutputBottleneck) return block.outputBottleneck;
    return null;
  }
  if (slot == Slot.EmbeddingTransformation) return weights.embeddingTransformation;
  if (slot == Slot.Pooler) return weights.pooler;
  if (slot == Slot.SequenceHead) return weights.sequenceHead;
  if (slot == Slot.TokenHead) return weights.tokenHead;
  if (slot == Slot.LmTransform) return weights.lmTransform;
  if (slot == Slot.LmDecoder) return weights.lmDecoder;
  if (slot == Slot.LmDense) return weights.lmDense;
  return null;
}

export function normOf(slot: Slot, layer: i32, network: i32): Norm | null {
  if (slot == Slot.EmbeddingNorm) return weights.embeddingNorm;
  if (slot == Slot.LmTransformNorm) return weights.lmTransformNorm;
  if (!isOfBlock(slot)) return null;
  const block = blockAt(layer);
  if (slot == Slot.InputBottleneckNorm) return block.inputBottleneckNorm;
  if (slot == Slot.SharedBottleneckNorm) return block.sharedBottleneckNorm;
  if (slot == Slot.AttentionOutputNorm) return block.attentionOutputNorm;
  if (slot == Slot.FeedForwardNorm) return feedForwardAt(block, network).norm;
  if (slot == Slot.OutputBottleneckNorm) return block.outputBottleneckNorm;
  return null;
}
