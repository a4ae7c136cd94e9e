import { describe, expect, it } from 'vitest';
import { MobileBertConfig } from '../../../src/config/config.ts';
import { ABI_VERSION, type Dimensions } from '../../../src/engine/abi.ts';
import { Engine, type Request } from '../../../src/engine/engine.ts';
import { InputError } from '../../../src/errors.ts';
import { dimensionsOf } from '../../../src/models/dimensions.ts';
import { initialiseInto } from '../../../src/models/load/load-checkpoint.ts';
import { parameters } from '../../../src/weights/names.ts';
import { floatVariants, readBuild, variants } from '../../support/variants.ts';

const config = new MobileBertConfig({
  vocab_size: 20,
  embedding_size: 8,
  hidden_size: 8,
  intra_bottleneck_size: 8,
  intermediate_size: 8,
  num_attention_heads: 8,
  num_hidden_layers: 4,
  max_position_embeddings: 16,
});
const parts = { pooler: true };

/** (module (func (export "abiVersion") (result i32) (i32.const 99))) */
const FOREIGN = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0],
  ...[7, 14, 1, 10, ...new TextEncoder().encode('abiVersion'), 0, 0],
  ...[10, 7, 1, 5, 0, 0x41, 0xe3, 0, 0x0b],
]);

const made = (bytes: Uint8Array<ArrayBuffer>, dimensions: Dimensions) =>
  Engine.create(new WebAssembly.Module(bytes), 'simd', dimensions);

function requestOf(lengths: readonly number[], fields: Partial<Request> = {}): Request {
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  return {
    lengths: Int32Array.from(lengths),
    inputIds: Int32Array.from({ length: rows }, (_, i) => i % 20),
    tokenTypeIds: new Int32Array(rows),
    positionIds: new Int32Array(rows),
    attentionMask: new Int32Array(rows).fill(1),
    outputs: ['LastHiddenState'],
    ...fields,
  };
}

describe('Engine.create()', () => {
  it.each([
    ['has another version', FOREIGN, '99'],
    ['has none', FOREIGN.slice(0, 8), 'none'],
  ])('refuses a module whose ABI %s', async (_, bytes, found) => {
    await expect(made(bytes, dimensionsOf(config, parts))).rejects.toThrow(
      new TypeError(
        `Cannot use the WebAssembly module: ABI version is ${found}, expected ${ABI_VERSION}`,
      ),
    );
  });
});

describe.each(variants.filter(({ hasFloats }) => !hasFloats))('Engine on $name', ({ name }) => {
  it('create() refuses models of floats', async () => {
    await expect(made(readBuild(`${name}.wasm`), dimensionsOf(config, parts))).rejects.toThrow(
      new TypeError('Cannot use the WebAssembly module: it runs q8 only, expected "simd"'),
    );
  });
});

describe.each(floatVariants)('Engine on the $name build', ({ name }) => {
  const make = (fields: Partial<Dimensions> = {}) =>
    made(readBuild(`${name}.wasm`), { ...dimensionsOf(config, parts), ...fields });

  async function filled(): Promise<Engine> {
    const engine = await make();
    initialiseInto(engine, parameters(config, parts), config, 1);
    engine.seal();
    return engine;
  }

  // 2^20 x 2^10 x 4 bytes and panels of 2^17 x 2^10 x 32 bytes are 0 modulo 2^32.
  it.each([
    ['tables', { vocabulary: 2 ** 20, embedding: 2 ** 10 }],
    ['panels', { hidden: 1023, tokenLabels: 2 ** 20 }],
  ])('create() refuses %s past 4 GB', async (_, fields) => {
    await expect(make(fields)).rejects.toThrow(
      new RangeError(
        'Cannot reserve memory for the weights: WebAssembly memory cannot grow, expected room within 4 GB',
      ),
    );
  });

  // 32 heads x S x S x 4 bytes: 8 GB, 0 modulo 2^32; then a sum past 2^31; then 5 GB a little at a time.
  it.each([
    ['one buffer', [8192], 8192],
    ['scores past 2^31', [65536], 65536],
    ['many sequences', new Array(160).fill(512), 81920],
  ])('forward() refuses attentions past 4 GB and stays usable: %s', async (_, lengths, rows) => {
    const engine = await filled();
    const before = engine.forward(requestOf([5, 3]));
    const { total } = engine.memoryUsage();
    const outputs = ['LastHiddenState', 'Attentions'] as const;
    expect(() => engine.forward(requestOf(lengths, { outputs }))).toThrow(
      new RangeError(
        `Cannot reserve memory for LastHiddenState, Attentions of ${rows} tokens: WebAssembly memory cannot grow, expected room within 4 GB`,
      ),
    );
    expect(engine.memoryUsage().total).toBe(total);
    expect(engine.forward(requestOf([5, 3]))).toEqual(before);
  });

  it.each<[string, Partial<Request>, string]>([
    ['an id past the vocabulary', { inputIds: Int32Array.of(0, 20, 1) }, 'inputIds holds 20 at 1'],
    ['a negative id', { inputIds: Int32Array.of(-1, 0, 1) }, 'inputIds holds -1 at 0'],
    ['a token type', { tokenTypeIds: Int32Array.of(0, 0, 2) }, 'tokenTypeIds holds 2 at 2'],
    ['a position', { positionIds: Int32Array.of(0, 16, 2) }, 'positionIds holds 16 at 1'],
    ['too few ids', { inputIds: new Int32Array(2) }, 'inputIds has 2 elements, expected 3'],
    ['too few types', { tokenTypeIds: new Int32Array(2) }, 'tokenTypeIds has 2 elements'],
    ['lengths that make other rows', { lengths: Int32Array.of(2, 2) }, 'lengths are [2, 2]'],
    ['an empty sequence', { lengths: Int32Array.of(3, 0) }, 'lengths are [3, 0]'],
    ['a negative length', { lengths: Int32Array.of(4, -1) }, 'lengths are [4, -1]'],
    ['no words', { inputIds: undefined as never }, 'found neither of inputIds and inputsEmbeds'],
    ['both', { inputsEmbeds: new Float32Array(24) }, 'found both of inputIds and inputsEmbeds'],
    ['a head it lacks', { outputs: ['VocabularyLogits'] }, 'it has no output "VocabularyLogits"'],
    ['no output', { outputs: ['toString' as never] }, 'it has no output "toString"'],
  ])('forward() refuses %s and stays usable', async (_, fields, message) => {
    const engine = await filled();
    const before = engine.forward(requestOf([2, 1]));
    const refused = () => engine.forward(requestOf([2, 1], fields));
    expect(refused).toThrow(InputError);
    expect(refused).toThrow(`Cannot run the model: ${message}`);
    expect(engine.forward(requestOf([2, 1]))).toEqual(before);
  });

  it('forward() refuses a request without rows', async () => {
    const engine = await filled();
    expect(() => engine.forward(requestOf([]))).toThrow('lengths are [], expected numbers from 1');
  });

  it('store() refuses rows and parts that the model does not have', async () => {
    const engine = await make();
    const row = new Uint8Array(32);
    const query = { slot: 'Query', layer: 3, network: 0, part: 'weight' } as const;
    expect(() => engine.store(query, 7, 1, row, 'F32')).not.toThrow();
    expect(() => engine.store(query, 8, 1, row, 'F32')).toThrow(
      new RangeError('Cannot store rows 8..8 of Query weight: rows do not fit'),
    );
    expect(() => engine.store({ ...query, layer: 4 }, 0, 1, row, 'F32')).toThrow(
      new RangeError('Cannot store rows 0..0 of Query weight: the model has no such part'),
    );
    expect(() => engine.store({ ...query, slot: 'LmDense' }, 0, 1, row, 'F32')).toThrow(
      new RangeError('Cannot store rows 0..0 of LmDense weight: the model has no such part'),
    );
  });

  it('memoryUsage() counts the weights, and all of memory', async () => {
    const { weights, total } = (await make()).memoryUsage();
    expect(weights).toBeGreaterThan(4 * 20 * 8);
    expect(total).toBeGreaterThanOrEqual(weights);
    expect(total % 65536).toBe(0);
  });
});
