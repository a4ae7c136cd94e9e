/** Vectors of texts as a table: text, size and the first few numbers. */

import { formatTable, type TableStyle } from './table.ts';

/** A text and its vector. */
export interface Embedded {
  readonly text: string;
  readonly embedding: readonly number[];
}

/** Numbers that are shown of each vector. */
const SHOWN = 6;

const COLUMNS = [
  { title: 'Text', isFlexible: true },
  { title: 'Size', pad: 'left' },
  { title: 'Vector', isFlexible: true },
] as const;

export function formatVectors(all: readonly Embedded[], style: TableStyle): string {
  const rows = all.map(({ text, embedding }) => {
    const shown = embedding.slice(0, SHOWN).map(numberOf).join(' ');
    const end = embedding.length > SHOWN ? ' …' : '';
    return [text, String(embedding.length), shown + end];
  });
  return formatTable(COLUMNS, rows, style);
}

/** Packed bits as they are, other numbers with a few decimals. */
function numberOf(x: number): string {
  return Number.isInteger(x) ? String(x) : x.toFixed(4);
}
