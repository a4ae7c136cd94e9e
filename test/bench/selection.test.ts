import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BENCHES } from '../../bench/ours/benches.ts';
import { Selection } from '../../bench/ours/selection.ts';

describe('Selection', () => {
  it('has every row without a text, else those that contain it, in any case', () => {
    expect(new Selection().has('S = 8: NoNorm')).toBe(true);
    const selection = new Selection('nonorm');
    expect(selection.has('S = 8: NoNorm')).toBe(true);
    expect(selection.has('S = 8: LayerNorm')).toBe(false);
    expect([selection.isAll, new Selection().isAll]).toEqual([false, true]);
  });

  it('refuses a text that no row contains, and names the nearest kind of row', () => {
    const selection = new Selection('LayrNorm');
    for (const S of [8, 32])
      for (const op of ['NoNorm', 'LayerNorm']) selection.has(`S = ${S}: ${op}`);
    expect(() => selection.check()).toThrow('none is named "LayrNorm", expected "LayerNorm"');
    const other = new Selection('x');
    other.has('S = 8: query');
    other.has('S = 32: query');
    expect(() => other.check()).toThrow('expected one of "query"');
    expect(() => new Selection().check()).not.toThrow();
  });
});

describe('BENCHES', () => {
  it('are documented in bench/README.md, and load', async () => {
    const page = readFileSync('bench/README.md', 'utf8');
    for (const [name, { load, question }] of Object.entries(BENCHES)) {
      expect(page).toContain(`npm run bench -- ${name.padEnd(12)} ${question}`);
      expect(await load()).toBeTypeOf('function');
    }
  });
});
