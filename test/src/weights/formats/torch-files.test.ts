/** PyTorch's files, whole, cut and hostile; the files are those of tools/golden/make-formats.py. */
import { readdirSync, readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../../src/errors.ts';
import { type Destination, loadWeights } from '../../../../src/weights/load.ts';
import { chunked } from '../safetensors-file.ts';

const ROOT = 'test/golden/formats';
const read = (folder: string) =>
  new Uint8Array(readFileSync(`${ROOT}/${folder}/pytorch_model.bin`));
const folders = readdirSync(ROOT).filter((name) => /^(zip|legacy)/.test(name));

/** Loads everything; values by tensor, as bytes. */
async function load(file: Uint8Array, size?: number) {
  const values = new Map<string, number[]>();
  await loadWeights(chunked(file, 4096, size), (name, { shape, dtype }) => {
    if (dtype === 'I64') return undefined;
    const parts: number[] = [];
    values.set(name, parts);
    const write: Destination['write'] = (_first, _rows, bytes) => {
      for (const byte of bytes) parts.push(byte);
    };
    return { shape, write };
  });
  return values;
}

/** Pickles of a legacy file, and a state_dict of one number. */
const MAGIC = '\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19';
const PROTOCOL = 'M\xe9\x03';
const SYSTEM = '}U\x0dlittle_endian\x88s';
const ONE_TENSOR =
  '}U\x01actorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x01tQK\x00))\x89NtRs';

/** The file with text replaced, characters standing for bytes. */
function edited(file: Uint8Array, from: string | RegExp, to: string, all = false): Uint8Array {
  const text = Array.from(file, (byte) => String.fromCharCode(byte)).join('');
  const changed = all ? text.replaceAll(from, to) : text.replace(from, to);
  expect(changed).not.toBe(text);
  return Uint8Array.from(changed, (char) => char.charCodeAt(0));
}

describe('loadWeights()', () => {
  it.each(folders)('refuses %s wherever it is cut off', async (folder) => {
    const file = read(folder);
    for (
      let length = 0;
      length < file.length;
      length += Math.min(499, file.length - length > 40 ? 499 : 3)
    ) {
      await expect(load(file.subarray(0, length))).rejects.toThrow(WeightsError);
    }
    await expect(load(file.subarray(0, -1))).rejects.toThrow(WeightsError);
    await expect(load(Uint8Array.from([...file, 0]))).rejects.toThrow(WeightsError);
  });

  it.each(folders)('reads shared storages and views in %s as they are alone', async (folder) => {
    if (!folder.endsWith('views')) return;
    const [views, alone] = [await load(read(folder)), await load(read('zip'))];
    for (const [name, bytes] of alone) expect(views.get(name), name).toEqual(bytes);
    expect(views.get('unused.copy')).toEqual(alone.get('embeddings.word_embeddings.weight'));
  });

  it.each<[string, Uint8Array, string]>([
    [
      'a pickle that calls',
      edited(read('legacy'), 'torch._utils\n_rebuild_tensor_v2\n', 'os\nsystem\n'),
      'found global "os.system", expected only what tensors are made of',
    ],
    [
      'big-endian numbers',
      edited(
        read('zip'),
        // biome-ignore lint/suspicious/noControlCharactersInRegex: a descriptor is of such bytes
        /littlePK\x07\x08([\s\S]{4})\x06\0\0\0\x06/,
        'bigPK\x07\x08$1\x03\0\0\0\x03',
      ),
      'byte order is "big", expected "little"',
    ],
    [
      'big-endian numbers, said before the pickle',
      edited(read('zip-last'), 'little', 'bigger'),
      'byte order is "bigger"',
    ],
    [
      'a missing storage',
      edited(read('zip-deflated'), '/data/3', '/dada/3', true),
      'has no storage: archive lacks "data/3"',
    ],
    ['a storage twice', edited(read('zip-deflated'), '/data/0', '/data/1', true), 'stands twice'],
    [
      'a directory of other entries',
      edited(read('zip'), '/version', '/versiom'),
      'the directory lists',
    ],
    [
      'encrypted entries',
      edited(read('zip-deflated'), 'PK\x03\x04\x14\0\0', 'PK\x03\x04\x14\0\x01'),
      'is encrypted',
    ],
    [
      'other methods',
      edited(read('zip-deflated'), 'PK\x03\x04\x14\0\0\0\x08', 'PK\x03\x04\x14\0\0\0\x0c'),
      'has method 12',
    ],
    ['TorchScript', edited(read('zip'), '/data.pkl', '/code.pkl', true), 'does not say its size'],
    [
      'a Git LFS pointer',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'),
      'a Git LFS pointer',
    ],
    ['other pickles', Uint8Array.of(0x80, 2, 0x7d, 0x2e), 'a pickle that is no PyTorch checkpoint'],
    ['nothing', new Uint8Array(), 'cut off'],
  ])('refuses %s', async (_, file, message) => {
    await expect(load(file)).rejects.toThrow(WeightsError);
    await expect(load(file)).rejects.toThrow(message);
  });

  it('refuses a size that its storages do not come to, before it writes', async () => {
    const file = read('legacy');
    await expect(load(file, file.length + 1)).rejects.toThrow('its storages expect');
  });

  // Each level holds the one below it twice: its text would have 2^45 parts.
  const doubled = `]q\0${'h\0\x86q\0'.repeat(45)}`;
  it.each([
    ['its protocol', [MAGIC, doubled, SYSTEM, '}', ']'], 'protocol none, expected 1001'],
    ['its system', [MAGIC, PROTOCOL, doubled, '}', ']'], 'big-endian'],
    ['its weights', [MAGIC, PROTOCOL, SYSTEM, doubled, ']'], 'holds no state_dict'],
    ['a weight', [MAGIC, PROTOCOL, SYSTEM, `}U\x01a${doubled}s`, ']'], 'entry "a" is no tensor'],
    [
      'its list of storages',
      [MAGIC, PROTOCOL, SYSTEM, ONE_TENSOR, `]${doubled}a`],
      'no text belongs',
    ],
  ])(
    'refuses at once a legacy file with a list of lists of lists as %s',
    async (_, parts, message) => {
      const text = parts.map((pickle) => `\x80\x02${pickle}.`).join('');
      const file = Uint8Array.from(text, (char) => char.charCodeAt(0));
      expect(file.length).toBeLessThan(600);
      await expect(load(file)).rejects.toThrow(WeightsError);
      await expect(load(file)).rejects.toThrow(message);
    },
  );

  it.each([']', '}', '(', 'N\x94', ')', 'U\0'])(
    'does not unpack a pickle of nothing but %j',
    async (opcode) => {
      const pickle = `\x80\x02${opcode.repeat(2 ** 22)}`;
      const packed = deflateRawSync(Uint8Array.from(pickle, (char) => char.charCodeAt(0)));
      const before = process.memoryUsage().heapUsed;
      await expect(load(zipOf('a/data.pkl', packed, pickle.length))).rejects.toThrow('more values');
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 26);
    },
  );

  it('does not unpack a bomb', async () => {
    const bomb = deflateRawSync(new Uint8Array(2 ** 26));
    const file = zipOf('a/data.pkl', bomb, 2 ** 26);
    const before = process.memoryUsage().arrayBuffers;
    await expect(load(file)).rejects.toThrow(WeightsError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });
});

describe('a storage with as many views as a file may have', () => {
  it('is read once', async () => {
    const view = (offset: number) =>
      ONE_TENSOR.slice(4, -1)
        .replace('cpuK\x01', 'cpuK\x02')
        .replace('QK\x00', `QK${String.fromCharCode(offset)}`);
    const names = Array.from({ length: 100_000 }, (_, i) => {
      return `U\x05${String(i).padStart(5, '0')}h${String.fromCharCode(i % 2)}`;
    });
    const dict = `${view(0)}q\0${view(1)}q\x01\x86q\x02}(${names.join('')}u`;
    const keys = '](U\x010e';
    const pickles = [MAGIC, PROTOCOL, SYSTEM, dict, keys];
    const text = pickles.map((pickle) => `\x80\x02${pickle}.`).join('');
    const head = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const values = new Uint8Array(new Float32Array([1, 2]).buffer);
    const file = Uint8Array.from([...head, 2, 0, 0, 0, 0, 0, 0, 0, ...values]);
    const found = await load(file);
    expect(found.size).toBe(100_000);
    expect(found.get('00001')).toEqual([0, 0, 0, 64]);
  });
});

describe('an archive that costs more than its size', () => {
  /** One number, whose storage is said to have 2^28. */
  const sparse = ONE_TENSOR.replace('cpuK\x01', 'cpuJ\x00\x00\x00\x10');
  const pickle = Uint8Array.from(`\x80\x02${sparse}.`, (char) => char.charCodeAt(0));
  const zeros = deflateRawSync(new Uint8Array(2 ** 24));
  const bomb = Uint8Array.from([
    ...zipOf('a/data.pkl', deflateRawSync(pickle), pickle.length),
    ...zipOf('a/data/0', zeros, 2 ** 30),
  ]);

  it('is not inflated for one number of many', async () => {
    await expect(load(bomb)).rejects.toThrow('inflates to 1073741824 bytes, expected at most 16');
  });

  it('is not inflated for a tensor that nobody reads', async () => {
    const loading = loadWeights(chunked(bomb, 4096), () => undefined);
    await expect(loading).rejects.toThrow('the archive is cut off');
  });

  it('finds the ends of many entries without a size in linear time', async () => {
    const plain = read('zip');
    const text = Array.from(plain, (byte) => String.fromCharCode(byte)).join('');
    const at = text.indexOf('PK\x03\x04', text.indexOf('data.pkl') + 100);
    // Entries of 60,000 bytes whose sizes stand behind them, in front of the second one.
    const note = new Uint8Array(60_000).fill(0x50);
    const entry = zipOf('a/note', note, 0);
    new DataView(entry.buffer).setUint16(6, 8, true);
    new DataView(entry.buffer).setUint16(8, 0, true);
    new DataView(entry.buffer).setUint32(18, 0, true);
    const descriptor = new Uint8Array(16);
    const view = new DataView(descriptor.buffer);
    view.setUint32(0, 0x08074b50, true);
    view.setUint32(8, note.length, true);
    view.setUint32(12, note.length, true);
    const one = Uint8Array.from([...entry, ...descriptor]);
    const file = new Uint8Array(at + 200 * one.length);
    file.set(plain.subarray(0, at));
    for (let i = 0; i < 200; i++) file.set(one, at + i * one.length);
    // 12 MB take less than a second.
    const start = performance.now();
    await expect(load(file)).rejects.toThrow('the archive is cut off');
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

/** The local header and bytes of one deflated entry; it need not go on. */
function zipOf(name: string, packed: Uint8Array, size: number): Uint8Array {
  const file = new Uint8Array(30 + name.length + packed.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(8, 8, true);
  view.setUint32(18, packed.length, true);
  view.setUint32(22, size, true);
  view.setUint16(26, name.length, true);
  file.set(new TextEncoder().encode(name), 30);
  file.set(packed, 30 + name.length);
  return file;
}
