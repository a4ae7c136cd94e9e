/** How the engine addresses a tensor: slot, layer, network, part. Also checks its status codes. */

import { type Slot, Status, type Storage } from './abi.ts';

/** A module of the checkpoint; `layer` and `network` count within a block and are 0 elsewhere. */
export interface SlotIndex {
  readonly slot: keyof typeof Slot;
  readonly layer: number;
  readonly network: number;
}

/** One tensor of a slot: its weight or its bias, as in the checkpoint. */
export interface SlotPart extends SlotIndex {
  readonly part: 'weight' | 'bias';
}

/** One storage area of a slot: packed bytes, as they are in memory. */
export interface SlotStorage extends SlotIndex {
  readonly storage: keyof typeof Storage;
}

const PROBLEMS: Readonly<Record<number, string>> = {
  [Status.NoSuchSlot]: 'the model has no such part',
  [Status.OutOfRange]: 'rows do not fit',
  [Status.TooLarge]: 'found NaN or a number past 65504, expected what half precision holds',
  [Status.Sealed]: 'weights are sealed, expected openWeights() first',
};

/** @throws RangeError when the status of `storeRows` or `fetchRows` is not Ok */
export function checkStatus(
  status: number,
  action: 'store' | 'fetch',
  { slot, part }: SlotPart,
  first: number,
  count: number,
): void {
  if (status === Status.Ok) return;
  const problem = PROBLEMS[status] ?? `status is ${status}`;
  throw new RangeError(
    `Cannot ${action} rows ${first}..${first + count - 1} of ${slot} ${part}: ${problem}`,
  );
}
