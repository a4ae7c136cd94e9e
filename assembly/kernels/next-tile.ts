/** Which rows and panels a tile takes. */
export { PANELS } from '../simd/build';

/**
 * Rows of the next tile where `rows` are left and a full one has `size`: the last ones go in tiles of
 * 3 to 5 where there are as many. A tile of one row takes as long as one of three, for its two chains
 * of sums wait for themselves.
 */
export function nextTile(rows: i32, size: i32): i32 {
  if (rows <= max(size, 5)) return rows;
  if (rows < size + 3) return rows - rows / 2;
  return size;
}

/**
 * How many of `rows` go over two panels at once: one or two that are left behind tiles of six. Eight sums
 * wait for each other less than two or four do, and less than two tiles of four.
 */
export function wideRows(rows: i32): i32 {
  const rest = rows % 6;
  return rest <= 2 ? rest : 0;
}
