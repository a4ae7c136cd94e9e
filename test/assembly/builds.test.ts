/** Which builds the suite covers: said once in its output. */
import { describe, expect, it } from 'vitest';
import { describeVariants, readBuild, variants } from '../support/variants.ts';

it('variants begins with the baseline and says what runs here', () => {
  process.stdout.write(`${describeVariants()}\n`);
  expect(variants[0].name).toBe('simd');
});

describe.each(variants)('build $name', ({ name }) => {
  it.each(['', 'testing.'])('instantiates %s without imports', (prefix) => {
    const module = new WebAssembly.Module(readBuild(`${prefix}${name}.wasm`));
    expect(new WebAssembly.Instance(module).exports.memory).toBeInstanceOf(WebAssembly.Memory);
  });
});
