import { describe, expect, it } from 'vitest';
import { cutToWidth, printable, textWidth, wrapToWidth } from '../../../src/cli/text-width.ts';

describe('textWidth()', () => {
  it.each([
    ['', 0],
    ['plain text', 10],
    ['naïve', 5],
    ['nai\u0308ve', 5],
    ['日本', 4],
    ['한국어', 6],
    ['\u1112\u1161\u11ab', 2],
    ['👍🏽', 2],
    ['ｆｕｌｌ', 8],
    ['💳', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['🇮🇹', 2],
    ['Привет', 6],
    ['𠮷', 2],
    ['a\u200db', 2],
    ['नमस्ते', 4],
    ['हिन्दी', 5],
    ['นำ', 2],
    ['🇮', 1],
    ['\u{1b000}', 2],
  ])('counts the cells of "%s" as %d', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('cutToWidth()', () => {
  it.each([
    ['lost card', 9, 'lost card'],
    ['lost card', 8, 'lost ca…'],
    ['lost card', 6, 'lost…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
    ['lost', 1, '…'],
    ['lost', 0, ''],
  ])('cuts "%s" to %d cells: "%s"', (text, width, expected) => {
    expect(cutToWidth(text, width)).toBe(expected);
  });
});

describe('wrapToWidth()', () => {
  it.each([
    ['my card is lost', 15, ['my card is lost']],
    ['my card is lost', 10, ['my card is', 'lost']],
    ['my card is lost', 7, ['my card', 'is lost']],
    ['my card is lost', 6, ['my', 'card', 'is lo…']],
    ['an_endless_label', 8, ['an_endle', 'ss_label']],
    ['日本語日本語', 6, ['日本語', '日本語']],
    ['', 5, ['']],
  ])('wraps "%s" at %d cells into at most three lines', (text, width, expected) => {
    expect(wrapToWidth(text, width, 3)).toEqual(expected);
  });
});

describe('printable()', () => {
  it.each([
    ['a\tb\r\nc', 'a b c'],
    ['\u001b[31mred\u001b[0m', ' [31mred [0m'],
    ['\u009b31m', ' 31m'],
    ['a\u202eb\u2066c', 'a b c'],
    ['👩‍👩‍👧 ok', '👩‍👩‍👧 ok'],
  ])('replaces characters that a terminal acts on by blanks: %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});
