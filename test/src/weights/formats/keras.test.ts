/** Keras' files, whole, cut and hostile; the files are those of tools/golden/make-keras.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FilesError, WeightsError } from '../../../../src/errors.ts';
import type { ByteSource } from '../../../../src/platform/types.ts';
import { torchName } from '../../../../src/weights/formats/keras.ts';
import { lookup3 } from '../../../../src/weights/formats/lookup3.ts';
import { loadWeights } from '../../../../src/weights/load.ts';
import { loadCase } from '../../../support/golden.ts';
import { classes, inputsOf, named, PLAIN_INFO } from '../../../support/models.ts';
import { keepWarnings } from '../../../support/warnings.ts';
import { chunked } from '../safetensors-file.ts';

const simd = { variant: 'simd', seed: 1 } as const;
const warnings = keepWarnings();
const read = (path: string) => new Uint8Array(readFileSync(`test/golden/${path}/tf_model.h5`));

describe('from_pretrained()', () => {
  it.each(['pretraining', 'masked-lm-layer-norm', 'sequence-single', 'question', 'token'])(
    'reads tf_model.h5 of %s as the same model, bit for bit',
    async (name) => {
      const golden = loadCase(name);
      const source = { 'config.json': golden.config, 'tf_model.h5': read(`keras/${name}`) };
      const Class = classes[golden.head]!;
      const inputs = inputsOf(golden);
      const model = await Class.from_pretrained(source, simd);
      const plain = await Class.from_pretrained(golden.folder, simd);
      expect(named(await model(inputs))).toEqual(named(await plain(inputs)));
      expect(model.loading_info).toEqual(PLAIN_INFO);
      expect(warnings).toEqual([]);
    },
  );

  it('takes it last, and first with from_tf', async () => {
    const golden = loadCase('head-size-1');
    const Class = classes[golden.head]!;
    const files = { 'config.json': golden.config, 'tf_model.h5': read('formats/keras') };
    const broken = new Uint8Array(3);
    const both = { ...files, 'pytorch_model.bin': broken };
    await expect(Class.from_pretrained(both, simd)).rejects.toThrow(WeightsError);
    const model = await Class.from_pretrained(both, { ...simd, from_tf: true });
    expect(model.loading_info?.missing_keys).toEqual([]);
    const named = { 'config.json': golden.config, 'other.h5': files['tf_model.h5'] };
    await Class.from_pretrained(named, { ...simd, model_file_name: 'other' });
    await expect(
      Class.from_pretrained({ ...both, 'tf_model.h5': null as never }, { ...simd, from_tf: true }),
    ).rejects.toThrow(
      new FilesError(
        'Cannot load weights: "files" has none, expected "tf_model.h5"',
        'tf_model.h5',
      ),
    );
  });
});

describe('torchName()', () => {
  // As convert_tf_weight_name_to_pt_weight_name of transformers 4 gives them.
  it.each([
    [
      'tf_mobile_bert_model/mobilebert/embeddings/word_embeddings/weight:0',
      'mobilebert.embeddings.word_embeddings.weight',
    ],
    [
      'm/mobilebert/embeddings/position_embeddings/embeddings:0',
      'mobilebert.embeddings.position_embeddings.weight',
    ],
    [
      'm/mobilebert/encoder/layer_._11/attention/self/query/bias:0',
      'mobilebert.encoder.layer.11.attention.self.query.bias',
    ],
    [
      'm/mobilebert/encoder/layer_._0/ffn.2/output/LayerNorm/weight:0',
      'mobilebert.encoder.layer.0.ffn.2.output.LayerNorm.weight',
    ],
    [
      'm/predictions___cls/predictions/transform/LayerNorm/gamma:0',
      'cls.predictions.transform.LayerNorm.weight',
    ],
    [
      'm/predictions___cls/predictions/transform/LayerNorm/beta:0',
      'cls.predictions.transform.LayerNorm.bias',
    ],
    ['m/predictions___cls/predictions/dense/weight:0', 'cls.predictions.dense.weight'],
    ['single', 'single'],
    ['m/one___two___three/weight', 'three.weight'],
    ['m//mobilebert/x___/y/bias:0', 'mobilebert.y.bias'],
  ])('names %s', (kerasName, name) => {
    expect(torchName(kerasName)).toEqual({ name, isKernel: false });
  });

  it('knows what has to be transposed', () => {
    const name = 'm/seq_relationship___cls/seq_relationship/kernel:0';
    expect(torchName(name)).toEqual({ name: 'cls.seq_relationship.weight', isKernel: true });
  });
});

async function load(file: Uint8Array, size?: number): Promise<number> {
  let bytes = 0;
  await loadWeights(chunked(file, 4096, size), (_, { shape }) => ({
    shape,
    write: (_first, _rows, part) => {
      bytes += part.length;
    },
  }));
  return bytes;
}

const latin = (file: Uint8Array) => Array.from(file, (byte) => String.fromCharCode(byte)).join('');

/** The file with bytes overwritten at an offset from each place where `text` stands. */
function edited(file: Uint8Array, text: string, offset: number, change: (at: number) => number[]) {
  const result = file.slice();
  const content = latin(file);
  let count = 0;
  for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1), count++) {
    result.set(change(at), at + offset);
  }
  expect(count).toBeGreaterThan(0);
  return result;
}

/** An address or size of 8 bytes. */
const word = (value: number) => [...new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)];
const UNDEFINED = Array(8).fill(255);

const plain = read('formats/keras');
const latest = read('formats/keras-latest');

/** The file with the right checksum at the end of a structure. */
function summed(file: Uint8Array, start: number, length: number): Uint8Array {
  const end = start + length - 4;
  new DataView(file.buffer).setUint32(end, lookup3(file.subarray(start, end)), true);
  return file;
}

/** Where the structures with a checksum stand, and their bytes with it. */
function structures(file: Uint8Array): [start: number, length: number][] {
  const view = new DataView(file.buffer);
  const found: [number, number][] = [[0, 48]];
  const content = latin(file);
  for (let at = content.indexOf('OHDR'); at >= 0; at = content.indexOf('OHDR', at + 1)) {
    const flags = file[at + 5]!;
    const prefix = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    const width = 1 << (flags & 3);
    const sizes = [1, 2, 4].indexOf(width);
    const size = [
      () => view.getUint8(at + prefix),
      () => view.getUint16(at + prefix, true),
      () => view.getUint32(at + prefix, true),
    ][sizes]!();
    found.push([at, prefix + width + size + 4]);
  }
  return found;
}

/**
 * A header block that goes on in itself: its first message is a continuation to its own address.
 */
function endlessHeader(): Uint8Array {
  const file = read('formats/keras-latest');
  const content = latin(file);
  const block = content.indexOf('OCHK');
  const reference = content.indexOf(String.fromCharCode(...word(block)));
  const hasOrder = (file[content.indexOf('OHDR') + 5]! & 4) !== 0;
  const message = [0x10, 16, 0, 0, ...(hasOrder ? [0, 0] : []), ...word(block)];
  const length = file.slice(reference + 8, reference + 16);
  file.fill(0, block + 4, block + length[0]!);
  file.set([...message, ...length], block + 4);
  return summed(file, block, length[0]!);
}

const selfTree = edited(plain, 'TREE', 5, () => [1, 1, 0]);

/** A file that can be read at any offset; `size` may promise more than there is. */
function placed(file: Uint8Array, size = file.length) {
  const counted = { bytes: 0, open: 0 };
  const access = async () => {
    counted.open++;
    return {
      async read(start: number, end: number) {
        counted.bytes += end - start;
        return file.slice(start, end);
      },
      close: async () => void counted.open--,
    };
  };
  return { source: { ...chunked(file, 4096, size), access }, counted };
}

/** Every tensor's values, by name. */
async function tensorsOf(source: ByteSource): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  await loadWeights(source, (name, { shape }) => {
    const values: number[] = [];
    found.set(name, values);
    return { shape, write: (_first, _rows, bytes) => void values.push(...bytes) };
  });
  return found;
}

describe('a file that is read at offsets', () => {
  const kinds = ['keras', 'keras-float16', 'keras-float64', 'keras-latest', 'keras-parts'];
  it.each(kinds)('gives the tensors of %s as a stream does', async (kind) => {
    const file = read(`formats/${kind}`);
    const { source, counted } = placed(file);
    const found = await tensorsOf(source);
    expect(found.size).toBeGreaterThan(10);
    expect(found).toEqual(await tensorsOf(chunked(file, 1000)));
    expect(counted.open).toBe(0);
  });

  it('is read at the offsets of its structures, and nowhere else', async () => {
    const values = new Uint8Array(4_000_000);
    const { source, counted } = placed(Uint8Array.from([...plain, ...values]));
    expect(await tensorsOf(source)).toEqual(await tensorsOf(chunked(plain, 1000)));
    expect(counted.bytes).toBeLessThan(2 * plain.length);
  });

  it('is given back when it is refused', async () => {
    const { source, counted } = placed(edited(plain, 'SNOD', 16, () => word(2 ** 50)));
    await expect(tensorsOf(source)).rejects.toThrow('object header lies at');
    expect(counted.open).toBe(0);
  });

  it.each(['keras', 'keras-latest'])('is refused where %s is cut off', async (kind) => {
    const file = read(`formats/${kind}`);
    for (let length = 8; length < file.length; length += 997) {
      const { source } = placed(file.subarray(0, length), file.length);
      await expect(tensorsOf(source), String(length)).rejects.toThrow(WeightsError);
    }
    const { source } = placed(Uint8Array.from([...file, 0]), file.length);
    await expect(tensorsOf(source)).rejects.toThrow('has not the');
  });
});

describe('loadWeights()', () => {
  it.each<[string, Uint8Array, string]>([
    [
      'trees that are their own children',
      edited(selfTree, 'TREE', 32, (at) => word(at)),
      'has type 0 and level 1, expected 0 and 0',
    ],
    ['a header that goes on in itself', endlessHeader(), 'is read over and over: a cycle'],
    ['leaves where trees should be', edited(plain, 'TREE', 5, () => [9]), 'expected "TREE"'],
    ['a tree of another kind', edited(plain, 'TREE', 4, () => [1]), 'has type 1 and level 0'],
    ['more children than there are', edited(plain, 'TREE', 6, () => [255, 255]), 'tree lies at'],
    ['a table of names outside', edited(plain, 'HEAP', 24, () => word(2 ** 40)), 'name lies at'],
    ['symbols outside', edited(plain, 'SNOD', 16, () => word(2 ** 50)), 'object header lies at'],
    ['names without an end', edited(plain, 'HEAP', 8, () => word(9)), 'has no end'],
    ['another superblock', edited(plain, '\x89HDF', 8, () => [1]), 'superblock has version 1'],
    ['short addresses', edited(plain, '\x89HDF', 13, () => [4]), 'addresses of 4,8 bytes'],
    ['a block before it', edited(plain, '\x89HDF', 24, () => word(512)), 'begin at 512'],
    ['no root', edited(plain, '\x89HDF', 64, () => UNDEFINED), 'object header lies at'],
    ['a root that is none', edited(plain, '\x89HDF', 64, () => word(0)), 'expected "OHDR"'],
    ['no layers', edited(plain, 'layer_names\0', 0, () => [88]), 'it has no "layer_names"'],
    [
      'a layer that is not there',
      edited(plain, 'layer_names', 48, () => [88]),
      'layer "Xobilebert"',
    ],
    [
      'a weight that is not there',
      edited(plain, 'tf_mobile_bert_model/mobilebert/pooler/dense/bias', 0, () => [88]),
      'weight "Xf_mobile_bert_model/mobilebert/pooler/dense/bias:0" is not there',
    ],
    [
      'layers without a list of weights',
      edited(plain, 'weight_names\0', 1, () => [88]),
      'has no "weight_names"',
    ],
    [
      'messages that are not aligned',
      edited(plain, '\x11\0\x10\0\0\0\0\0', 2, () => [0x14]),
      'a message has 20 bytes, expected a multiple of 8',
    ],
    ['texts in no heap', edited(latest, 'GCOL', 16, () => [77, 0]), 'is in no global heap'],
    ['a heap of another kind', edited(latest, 'GCOL', 0, () => [88]), 'expected "GCOL"'],
    [
      'a heap that leads out',
      edited(latest, 'GCOL', 8, () => word(2 ** 45)),
      'global heap lies at',
    ],
  ])('refuses an HDF5 file with %s', async (_, file, message) => {
    await expect(load(file)).rejects.toThrow(WeightsError);
    await expect(load(file)).rejects.toThrow(message);
  });

  it('refuses a damaged header that it would else understand', async () => {
    // Without the checksum, the values of this file are read from elsewhere.
    const file = latest.slice();
    file.set([36, 0], 22016);
    await expect(load(file)).rejects.toThrow(/checksum of "OHDR" at \d+ is 0x\w{8}, expected 0x/);
  });

  it('refuses one wrong bit anywhere in a structure with a checksum', async () => {
    const all = structures(latest);
    expect(all.length).toBeGreaterThan(20);
    for (const [start, length] of all) {
      for (let at = start; at < start + length; at += Math.max(1, Math.floor(length / 9))) {
        const file = latest.slice();
        file[at]! ^= 1 << (at % 8);
        await expect(load(file), String(at)).rejects.toThrow(WeightsError);
      }
    }
  });

  // What a float's datatype message says, by the specification, from its class on.
  const f32 = [0x11, 0x20, 0x1f, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
  it.each([
    ['big-endian', 1, 0x21],
    ["a VAX's", 1, 0x61],
    ['without the first bit of its mantissa', 1, 0x10],
    ['with the sign elsewhere', 2, 0],
    ['with a bit offset', 8, 1],
    ['of less precision', 10, 24],
    ['with the exponent elsewhere', 12, 22],
    ['with another exponent', 13, 7],
    ['with the mantissa elsewhere', 14, 1],
    ['with another mantissa', 15, 22],
    ['with another bias', 16, 126],
    ['with a bias of three bytes', 18, 1],
  ])('refuses numbers that are %s', async (_, offset, value) => {
    const type = f32.map((byte) => String.fromCharCode(byte)).join('');
    const file = edited(plain, type, offset, () => [value]);
    await expect(load(file)).rejects.toThrow(/holds (a float of 4 bytes|numbers that are not)/);
  });

  it('refuses a file that says it is longer', async () => {
    await expect(load(edited(plain, '\x89HDF', 40, () => word(plain.length + 1)))).rejects.toThrow(
      'it is cut off',
    );
  });

  it.each(['keras', 'keras-latest', 'keras-parts'])(
    'refuses %s wherever it is cut off',
    async (kind) => {
      const file = read(`formats/${kind}`);
      const bytes = await load(file);
      for (let length = 8; length < file.length; length += length < file.length - 40 ? 997 : 1) {
        // Padding at the end may be missing, where nobody says how long the file is.
        const part = file.subarray(0, length);
        await expect(load(part, file.length), String(length)).rejects.toThrow(WeightsError);
        const found = await load(part).catch((error: unknown) => error);
        if (found !== bytes) expect(found).toBeInstanceOf(WeightsError);
      }
      await expect(load(Uint8Array.from([...file, 0]), file.length)).rejects.toThrow(WeightsError);
    },
  );
});
