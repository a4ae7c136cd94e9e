/**
 * Slots to records: which layer, norm or table a slot of the checkpoint is; null where there is
 * none.
 */
import { Slot } from '../abi';
import { Linear, Norm, Pass, Table } from './layout';
import { blockAt, feedForwardAt } from './weights';

/**
 * Whether a block's slot names a layer and a network that exist; `linearOf` and `normOf` rely on
 * it.
 */
export function hasSlot(pass: Pass, slot: Slot, layer: i32, network: i32): bool {
  const c = pass.config;
  if (isOfBlock(slot) && (layer < 0 || layer >= c.layers)) return false;
  return network >= 0 && network < c.feedForwards;
}

export function tableOf(pass: Pass, slot: Slot): Table | null {
  const w = pass.weights;
  if (slot == Slot.WordEmbeddings) return w.wordEmbeddings;
  if (slot == Slot.PositionEmbeddings) return w.positionEmbeddings;
  if (slot == Slot.TokenTypeEmbeddings) return w.tokenTypeEmbeddings;
  return null;
}

function isOfBlock(slot: Slot): bool {
  return slot >= Slot.InputBottleneck && slot <= Slot.OutputBottleneckNorm;
}

export function linearOf(pass: Pass, slot: Slot, layer: i32, network: i32): Linear | null {
  const w = pass.weights;
  if (isOfBlock(slot)) {
    const block = blockAt(w, layer);
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
  if (slot == Slot.EmbeddingTransformation) return w.embeddingTransformation;
  if (slot == Slot.Pooler) return w.pooler;
  if (slot == Slot.SequenceHead) return w.sequenceHead;
  if (slot == Slot.TokenHead) return w.tokenHead;
  if (slot == Slot.LmTransform) return w.lmTransform;
  if (slot == Slot.LmDecoder) return w.lmDecoder;
  if (slot == Slot.LmDense) return w.lmDense;
  return null;
}

export function normOf(pass: Pass, slot: Slot, layer: i32, network: i32): Norm | null {
  const w = pass.weights;
  if (slot == Slot.EmbeddingNorm) return w.embeddingNorm;
  if (slot == Slot.LmTransformNorm) return w.lmTransformNorm;
  if (!isOfBlock(slot)) return null;
  const block = blockAt(w, layer);
  if (slot == Slot.InputBottleneckNorm) return block.inputBottleneckNorm;
  if (slot == Slot.SharedBottleneckNorm) return block.sharedBottleneckNorm;
  if (slot == Slot.AttentionOutputNorm) return block.attentionOutputNorm;
  if (slot == Slot.FeedForwardNorm) return feedForwardAt(block, network).norm;
  if (slot == Slot.OutputBottleneckNorm) return block.outputBottleneckNorm;
  return null;
}
