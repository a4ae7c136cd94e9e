import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

describe('jsr.json', () => {
  const jsr = read('jsr.json');
  const manifest = read('package.json');

  it('has the version and the license of package.json', () => {
    expect([jsr.version, jsr.license]).toEqual([manifest.version, manifest.license]);
  });

  it('exports the entries in JavaScript that package.json exports', () => {
    const entries = Object.entries(manifest.exports as Record<string, { default?: string }>);
    const scripts = entries.flatMap(([name, target]) =>
      target.default === undefined ? [] : [[name, target.default]],
    );
    expect(jsr.exports).toEqual(Object.fromEntries(scripts));
  });

  it('publishes files that are there', () => {
    const committed = jsr.publish.include.filter((file: string) => !file.startsWith('build/'));
    expect(committed.filter((file: string) => !existsSync(file))).toEqual([]);
  });
});
