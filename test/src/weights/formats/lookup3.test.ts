/** Bob Jenkins' values: driver5() of lookup3.c, with initial value 0. */
import { describe, expect, it } from 'vitest';
import { lookup3 } from '../../../../src/weights/formats/lookup3.ts';

const sum = (text: string) => lookup3(new TextEncoder().encode(text));

describe('lookup3()', () => {
  it('gives the values of its author', () => {
    expect(sum('')).toBe(0xdeadbeef);
    expect(sum('Four score and seven years ago')).toBe(0x17770551);
  });

  it('depends on every byte, at every length', () => {
    for (let length = 1; length < 40; length++) {
      const bytes = new Uint8Array(length);
      const seen = new Set([lookup3(bytes)]);
      for (let at = 0; at < length; at++) {
        bytes[at] = 1;
        seen.add(lookup3(bytes));
        bytes[at] = 0;
      }
      expect(seen.size).toBe(length + 1);
    }
  });
});
