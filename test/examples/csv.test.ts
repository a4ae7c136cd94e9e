import { describe, expect, it } from 'vitest';

/** Plain JavaScript, which the compiler does not read, so its type is given here. */
const { parseCsv } = (await import(
  new URL('../../examples/demo/csv.js', import.meta.url).href
)) as { parseCsv(text: string): Record<string, string>[] };

describe('parseCsv()', () => {
  it.each([
    ['a,b\n1,2\n', [{ a: '1', b: '2' }]],
    [
      'a,b\r\n1,2\r\n3,4',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['a,b\n"x, y",2\n', [{ a: 'x, y', b: '2' }]],
    ['a,b\n"line\nbreak",2\n', [{ a: 'line\nbreak', b: '2' }]],
    ['a,b\n"say ""hi""",2\n', [{ a: 'say "hi"', b: '2' }]],
    ['a,b\n,\n', [{ a: '', b: '' }]],
    ['a,b\n1,', [{ a: '1', b: '' }]],
    ['a,b\n"",2', [{ a: '', b: '2' }]],
    ['a,b\n1\n', [{ a: '1', b: '' }]],
    ['a,b\n', []],
    ['', []],
  ])('reads %j', (text, expected) => {
    expect(parseCsv(text)).toEqual(expected);
  });

  it.each(['a\n"open', 'a\nx"y', 'a\n"x"y'])('refuses a stray quote: %j', (text) => {
    expect(() => parseCsv(text)).toThrow(SyntaxError);
  });
});
