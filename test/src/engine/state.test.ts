/**
 * Where an engine's state lies: in records in linear memory, which queries leave alone; parameters one behind
 * the other; weights sealed once and given back to the bit. Every build, with f32 and q8 weights.
 */
import { createHash } from 'node:crypto';
import { instantiateSync } from '@assemblyscript/loader';
import { describe, expect, it } from 'vitest';
import { BUILDS } from '../../../src/builds.ts';
import type { Exports } from '../../../src/engine/abi.ts';
import { Engine, type Request, type SlotStorage } from '../../../src/engine/engine.ts';
import { dimensionsOf } from '../../../src/models/dimensions.ts';
import { initialiseInto } from '../../../src/models/load/load-checkpoint.ts';
import { storagesOf, UNKNOWN } from '../../../src/models/load/packed.ts';
import { infoOf } from '../../../src/models/model-info.ts';
import { parameters } from '../../../src/weights/names.ts';
import { smallConfig } from '../../support/models.ts';
import type { TestingExports } from '../../support/testing-exports.ts';
import { floatVariants, readBuild, variants } from '../../support/variants.ts';

const config = smallConfig({ num_hidden_layers: 3 });
const parts = { pooler: true, languageModel: true, token: { name: 'classifier', labels: 3 } };
const LENGTHS = [5, 1, 9, 2];
const ROWS = 17;

const request: Request = {
  lengths: Int32Array.from(LENGTHS),
  inputIds: Int32Array.from({ length: ROWS }, (_, i) => (7 * i) % config.vocab_size),
  tokenTypeIds: new Int32Array(ROWS),
  positionIds: Int32Array.from({ length: ROWS }, (_, i) => i % 4),
  attentionMask: Int32Array.from({ length: ROWS }, (_, i) => Number(i !== 7)),
  outputs: ['LastHiddenState', 'Pooled', 'TokenLogits', 'VocabularyLogits'],
};

/** Every build with every kind of weights that it runs; q8 with rows of 16 and of 8 bits. */
const CASES = [
  ...floatVariants.map(({ name }) => ({ name, dtype: 'fp32' as const, rowBits: 16 })),
  ...variants.map(({ name }) => ({ name, dtype: 'q8' as const, rowBits: 16 })),
  ...variants
    .filter(({ hasByteRows }) => hasByteRows)
    .map(({ name }) => ({ name, dtype: 'q8' as const, rowBits: 8 })),
];
type Case = (typeof CASES)[number];

function make({ name, dtype, rowBits }: Case, prefix = '') {
  const bytes = readBuild(`${prefix}${name}.wasm`);
  type All = Exports & TestingExports & Record<string, unknown>;
  const { exports } = instantiateSync<All>(bytes);
  let pass = 0;
  const createPass = () => {
    pass = exports.createPass();
    return pass;
  };
  const dimensions = { ...dimensionsOf(config, parts, dtype), rowBits };
  const engine = new Engine({ ...exports, createPass }, 'simd', dimensions);
  return { engine, exports, pass };
}

/** A model with random weights. */
function filled(of: Case, prefix = '') {
  const made = make(of, prefix);
  initialiseInto(made.engine, parameters(config, parts), config, 1);
  return made;
}

function hash(memory: WebAssembly.Memory, end = memory.buffer.byteLength): string {
  return createHash('sha256')
    .update(new Uint8Array(memory.buffer, 0, end))
    .digest('hex');
}

function allStorages(engine: Engine): SlotStorage[] {
  const slots = [...parameters(config, parts)].flatMap(({ slots }) => slots);
  return storagesOf(engine, slots);
}

describe.each(CASES)('Engine state in $dtype with $rowBits bits ($name)', (of) => {
  it('queries leave every byte of memory as it was', () => {
    const { engine, exports } = filled(of);
    engine.seal();
    engine.forward(request);
    const before = hash(exports.memory);
    const target = { engine, config, parts, dtype: of.dtype };
    expect(infoOf(target, UNKNOWN).weights.blocks).toBeGreaterThan(0);
    for (const at of allStorages(engine)) {
      engine.extent(at);
      engine.weightType(at);
    }
    engine.parameters();
    engine.memoryUsage();
    engine.seal();
    expect(hash(exports.memory)).toBe(before);
  });

  it('openWeights() gives back the bits that were stored, and seals them to the same bits', () => {
    const { engine, exports } = filled(of);
    const read = () => allStorages(engine).map((at) => engine.storage(at).slice());
    const stored = read();
    engine.seal();
    engine.forward(request);
    const sealed = hash(exports.memory);
    expect(engine.openWeights(read)).toEqual(stored);
    expect(hash(exports.memory)).toBe(sealed);
  });

  it('storage(), store() and forward() refuse weights in the other state', () => {
    const { engine } = filled(of);
    expect(() => engine.forward(request)).toThrow('its weights are open, expected seal() first');
    engine.seal();
    const at = { slot: 'Query', layer: 0, network: 0 } as const;
    expect(() => engine.storage({ ...at, storage: 'Data' })).toThrow(
      'Cannot read Query: weights are sealed, expected openWeights() first',
    );
    expect(() => engine.store({ ...at, part: 'bias' }, 0, 1, new Uint8Array(4), 'F32')).toThrow(
      'Cannot store rows 0..0 of Query bias: weights are sealed',
    );
  });

  it('parameters() holds all parameters back to back, and nothing else', () => {
    const { engine, exports, pass } = filled(of);
    const { address, bytes } = engine.parameters();
    const storages = allStorages(engine).map((at) => ({ at, ...engine.extent(at) }));
    const isFactors = ({ at }: { at: SlotStorage }) =>
      at.storage === 'Scales' && engine.weightType(at) === 'Q8' && !at.slot.endsWith('Embeddings');
    const inside = storages.filter((storage) => !isFactors(storage));
    const unique = new Map(inside.map((storage) => [storage.address, storage.bytes]));
    let end = address;
    for (const [start, length] of [...unique].sort(([a], [b]) => a - b)) {
      // Aligned to 64 bytes; a table has 16 bytes behind it, a norm is padded to whole panels.
      expect(start - end).toBeGreaterThanOrEqual(0);
      expect(start - end).toBeLessThan(128);
      end = start + length;
    }
    expect(end).toBeLessThanOrEqual(address + bytes);
    expect(address + bytes - end).toBeLessThan(128);
    const outside = [
      pass,
      exports.configAddress(pass),
      ...storages.filter(isFactors).map((s) => s.address),
    ];
    for (const place of outside) expect(place < address || place >= address + bytes).toBe(true);
  });

  // The records begin with the pass, 64 bytes behind the heap's base.
  it('static data never changes', () => {
    const { engine, exports, pass } = make(of);
    const before = hash(exports.memory, pass - 64);
    initialiseInto(engine, parameters(config, parts), config, 1);
    engine.seal();
    engine.forward(request);
    engine.openWeights(() => allStorages(engine).map((at) => engine.storage(at)));
    expect(hash(exports.memory, pass - 64)).toBe(before);
  });

  it('another instance over the same bytes goes on where the first one was', () => {
    const { engine, exports, pass } = filled(of);
    engine.seal();
    const expected = engine.forward(request);
    const other = instantiateSync<Exports & Record<string, unknown>>(
      readBuild(`${of.name}.wasm`),
    ).exports;
    other.memory.grow((exports.memory.buffer.byteLength - other.memory.buffer.byteLength) / 65536);
    const hidden = exports.bufferAddress(pass, 7) >>> 0;
    new Uint8Array(exports.memory.buffer).fill(0, hidden, hidden + 64);
    new Uint8Array(other.memory.buffer).set(new Uint8Array(exports.memory.buffer));
    other.forward(pass);
    const size = expected.LastHiddenState!.length;
    const found = new Float32Array(other.memory.buffer, other.bufferAddress(pass, 7) >>> 0, size);
    expect(found).toEqual(expected.LastHiddenState);
  });

  it.each([1, 4, 7, 16])('a block in ranges of %i rows has the bits of a whole one', (rows) => {
    const { engine, exports, pass } = filled(of, 'testing.');
    engine.seal();
    engine.forward({ ...request, outputs: ['LastHiddenState'] });
    const size = ROWS * Math.ceil(config.hidden_size / 8) * 8;
    const hidden = () => new Float32Array(exports.memory.buffer, exports.hiddenAddress(pass), size);
    const start = hidden().slice();
    exports.wholeBlock(pass, 1);
    const expected = hidden().slice();
    expect(expected).not.toEqual(start);
    hidden().set(start);
    exports.blockInRanges(pass, 1, rows);
    expect(hidden()).toEqual(expected);
  });
});

describe('modules', () => {
  const files = Object.keys(BUILDS).flatMap((name) =>
    name === 'calibration' || name.endsWith('-threads') ? [name] : [name, `testing.${name}`],
  );

  it.each(files)('%s has no mutable global', (file) => {
    expect(mutableGlobals(file)).toEqual([]);
  });
});

describe('debug build', () => {
  it('an assertion says what failed, in which file and line', () => {
    const { exports, pass } = make({ name: 'debug', dtype: 'fp32', rowBits: 16 });
    expect(() => exports.forward(pass)).toThrow(
      /^abort: a pass over open weights at assembly\/model\/forward\.ts:\d+:\d+$/,
    );
  });
});

/** Names of a module's mutable globals, from its text. */
function mutableGlobals(file: string): string[] {
  const wat = new TextDecoder().decode(readBuild(`${file}.wat`));
  return Array.from(wat.matchAll(/^ \(global (\S+) \(mut /gm), ([, global]) => global!);
}
