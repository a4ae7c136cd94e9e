/** Addresses of tensors inside the engine, and what the module says of rows that go there or come back. */

import { type Slot, Status } from './abi.ts';

/** Where rows of a tensor go, and come from. */
export interface SlotAddress {
  readonly slot: keyof typeof Slot;
  readonly layer: number;
  readonly network: number;
  readonly part: 'weight' | 'bias';
}

const PROBLEMS: Readonly<Record<number, string>> = {
  [Status.NoSuchSlot]: 'the model has no such part',
  [Status.OutOfRange]: 'rows do not fit',
  [Status.TooLarge]: 'found NaN or a number past 65504, expected what half precision holds',
};

/** Turns what `storeRows` and `fetchRows` answer into an error. */
export function checkStored(
  status: number,
  action: 'store' | 'fetch',
  { slot, part }: SlotAddress,
  first: number,
  count: number,
): void {
  if (status === Status.Ok) return;
  const problem = PROBLEMS[status] ?? `status is ${status}`;
  throw new RangeError(
    `Cannot ${action} rows ${first}..${first + count - 1} of ${slot} ${part}: ${problem}`,
  );
}
