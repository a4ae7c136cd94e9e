import { describe, expect, it } from 'vitest';
import { type Column, formatTable, type TableStyle } from '../../../src/cli/table.ts';

const plain = (width: number): TableStyle => ({ width, paint: (text) => text });

const columns: Column[] = [
  { title: 'Text', isFlexible: true },
  { title: 'Label', isFlexible: true },
  { title: 'Score', pad: 'left' },
];

const rows = [
  ['where is it', 'card', '9.1'],
  ['日本', 'a label of many words', '100.0'],
];

const lines = (width: number) => formatTable(columns, rows, plain(width)).split('\n');

describe('formatTable()', () => {
  it('aligns columns by cells, pads numbers on the left, and trims lines', () => {
    expect(lines(80)).toEqual([
      'Text         Label                  Score',
      '─────────────────────────────────────────',
      'where is it  card                     9.1',
      '日本         a label of many words  100.0',
      '',
    ]);
  });

  it('wraps the widest columns first if the table is too wide', () => {
    expect(lines(32)).toEqual([
      'Text         Label         Score',
      '────────────────────────────────',
      'where is it  card            9.1',
      '日本         a label of    100.0',
      '             many words',
      '',
    ]);
  });

  it('wraps a long first cell beside the rows below whose first cell is empty', () => {
    const grouped = [
      ['one two three four', 'a', '1.0'],
      ['', 'b', '2.0'],
      ['five', 'c', '3.0'],
    ];
    expect(formatTable(columns, grouped, plain(25)).split('\n').slice(2)).toEqual([
      'one two      a        1.0',
      'three four   b        2.0',
      'five         c        3.0',
      '',
    ]);
  });

  it('leaves flexible columns a readable width on a narrow terminal', () => {
    const longest = Math.max(...lines(5).map((line) => line.length));
    expect(longest).toBeLessThanOrEqual(5 + 8 + 2 + 8 + 2);
  });

  it('paints the text and not its padding', () => {
    const paint = (text: string, color: string) => `<${color}>${text}</${color}>`;
    const table = formatTable(
      [{ title: 'A' }, { title: 'Number', pad: 'left' }],
      [['a', { text: '1', color: 'green' }]],
      { width: 80, paint },
    );
    expect(table.split('\n')).toEqual([
      '<bold>A</bold>  <bold>Number</bold>',
      '<dim>─────────</dim>',
      'a       <green>1</green>',
      '',
    ]);
  });

  it('lays out a text of a million characters', () => {
    // Linear work takes less than a second. Work that grows with the square of the length takes
    // minutes, which the suite's time limit for a test would end.
    const wide = formatTable(columns, [['日'.repeat(1e5), 'y', '1']], plain(80));
    const long = formatTable(columns, [['x'.repeat(1e6), 'y', '1']], plain(80));
    expect(wide).toContain('日');
    expect(long).toContain('x');
  });
});
