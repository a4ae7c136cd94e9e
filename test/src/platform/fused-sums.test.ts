import { describe, expect, it } from 'vitest';
import { fusesSlowly } from '../../../src/platform/fused-sums.ts';
import { platform } from '../../../src/platform/node.ts';

describe('fusesSlowly()', () => {
  it.each([
    ['Node 20', '11.3.244.8-node.38', true],
    ['Node 22', '12.4.254.21-node.57', true],
    ['Node 23', '12.9.202.28-node.14', true],
    ['Deno 2.1', '13.0.245.12-rusty', true],
    ['the last one before', '13.4.999.0', true],
    ['Deno 2.2', '13.5.212.10-rusty', false],
    ['Node 24', '13.6.233.17-node.53', false],
    ['Node 26', '14.6.202.34-node.20', false],
    ['three digits', '130.0.1.1', false],
    ['another engine', undefined, false],
    ['no version', 'none', false],
  ])('of %s, V8 %s, is %s', (_, v8, expected) => {
    expect(fusesSlowly(v8)).toBe(expected);
  });

  it('is asked by the platform of the V8 that runs', () => {
    expect(platform.fusesSlowly?.()).toBe(fusesSlowly(process.versions.v8));
  });
});
