/** Which builds the suite covers, and that they instantiate. */
import { instantiateSync } from '@assemblyscript/loader';
import { describe, expect, it } from 'vitest';
import { describeVariants, readBuild, variants } from '../support/variants.ts';

it('variants begins with the baseline and says what runs here', () => {
  process.stdout.write(`${describeVariants()}\n`);
  expect(variants[0].name).toBe('simd');
});

describe.each(variants)('build $name', ({ name }) => {
  it.each(['', 'testing.'])('instantiates %s by the loader', (prefix) => {
    const { exports } = instantiateSync<{ memory: unknown }>(readBuild(`${prefix}${name}.wasm`));
    expect(exports.memory).toBeInstanceOf(WebAssembly.Memory);
  });
});
