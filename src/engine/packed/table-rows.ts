/**
 * Rows of a table into an engine, without the numbers that 8 or 16 bits cannot keep beside the
 * others: those stay in f32 (outliers.ts).
 */

import { type Dimensions, type Dtype, Status, type WeightType } from '../abi.ts';
import type { SlotIndex, SlotPart } from '../slot-part.ts';
import { decodeOutliers, encodeOutliers, type Outlier, splitRows } from './outliers.ts';

/** What an engine has of tables. */
interface Tables {
  readonly dimensions: Dimensions;
  weightType(at: SlotIndex): keyof typeof WeightType;
  outliers(at: SlotIndex): Uint8Array;
  setOutliers(at: SlotIndex, count: number, bytes: Uint8Array): void;
}

/** Stores the rows at hand, in these bytes, and returns the module's status. */
export type StoreRows = (bytes: Uint8Array, dtype: keyof typeof Dtype) => number;

/** Stores rows `first` .. of a table. Returns the module's status. */
export function storeTableRows(
  engine: Tables,
  to: SlotPart,
  first: number,
  rows: number,
  bytes: Uint8Array,
  dtype: keyof typeof Dtype,
  store: StoreRows,
): number {
  const status = store(bytes, dtype);
  if (status !== Status.Coarse && status !== Status.TooLarge) {
    if (status === Status.Ok) replaceOutliers(engine, to, first, first + rows, []);
    return status;
  }
  const is8Bits = engine.weightType(to) === 'Q8';
  const { rest, outliers } = splitRows(bytes, dtype, first, columnsOf(engine, to), is8Bits);
  const second = store(new Uint8Array(rest.buffer), 'F32');
  if (second === Status.TooLarge) return second;
  replaceOutliers(engine, to, first, first + rows, outliers);
  return Status.Ok;
}

/** Outliers of rows `first` to `end` of a table, in place of those that these rows had. */
function replaceOutliers(
  engine: Tables,
  to: SlotPart,
  first: number,
  end: number,
  outliers: readonly Outlier[],
): void {
  const old = decodeOutliers(engine.outliers(to));
  if (old.length === 0 && outliers.length === 0) return;
  const columns = columnsOf(engine, to);
  const before = old.filter(({ place }) => place < first * columns);
  const after = old.filter(({ place }) => place >= end * columns);
  const all = [...before, ...outliers, ...after];
  engine.setOutliers(to, all.length, encodeOutliers(all));
}

function columnsOf({ dimensions }: Tables, { slot }: SlotPart): number {
  return slot === 'WordEmbeddings' ? dimensions.embedding : dimensions.hidden;
}
