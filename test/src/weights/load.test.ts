import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../src/errors.ts';
import { type Destination, loadWeights } from '../../../src/weights/load.ts';
import { chunked, fileOf, fileOfTensors } from './safetensors-file.ts';

/** A destination that keeps what it is given, and checks how it is given. */
function keep(shape: number[]) {
  const parts: number[] = [];
  let nextRow = 0;
  const destination: Destination = {
    shape,
    write(firstRow, rows, bytes, dtype) {
      expect(firstRow).toBe(nextRow);
      expect(rows).toBeGreaterThan(0);
      expect(bytes.byteOffset % 8).toBe(0);
      const values = rows * shape.slice(1).reduce((a, b) => a * b, 1);
      expect(bytes.length).toBe(values * { F64: 8, F32: 4, F16: 2, BF16: 2 }[dtype]);
      nextRow += rows;
      parts.push(...bytes);
    },
  };
  return { destination, parts, rows: () => nextRow };
}

function painted(length: number, from = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i + from) % 251);
}

const TENSORS = {
  matrix: { dtype: 'F32', shape: [6, 4], bytes: painted(96) },
  skipped: { dtype: 'I64', shape: [3], bytes: painted(24, 7) },
  vector: { dtype: 'F16', shape: [5], bytes: painted(10, 50) },
  empty: { dtype: 'F32', shape: [0, 4], bytes: painted(0) },
  scalar: { dtype: 'F64', shape: [], bytes: painted(8, 9) },
  cube: { dtype: 'BF16', shape: [2, 3, 2], bytes: painted(24, 90) },
};

async function load(file: Uint8Array, chunkSize: number, size?: number) {
  const sinks = new Map<string, ReturnType<typeof keep>>();
  const report = await loadWeights(chunked(file, chunkSize, size), (name, info) => {
    if (name === 'skipped') return undefined;
    const sink = keep([...info.shape]);
    sinks.set(name, sink);
    return sink.destination;
  });
  return { report, sinks };
}

describe('loadWeights()', () => {
  const file = fileOfTensors(TENSORS);

  it.each([1, 3, 7, 8, 64, 100, 4096])('puts tensors together from chunks of %i', async (chunk) => {
    for (const padding of [0, 1, 5]) {
      const { report, sinks } = await load(fileOfTensors(TENSORS, padding), chunk);
      expect(report).toEqual({
        loaded: ['matrix', 'vector', 'empty', 'scalar', 'cube'],
        unexpected: ['skipped'],
        notes: [],
      });
      for (const [name, sink] of sinks) {
        expect(sink.parts).toEqual([...TENSORS[name as keyof typeof TENSORS].bytes]);
      }
    }
  });

  it('moves about a mebibyte at a time, in whole rows', async () => {
    const sizes: number[] = [];
    const shape = [3000, 333];
    const big = fileOfTensors({
      big: { dtype: 'F32', shape, bytes: new Uint8Array(3000 * 333 * 4) },
    });
    await loadWeights(chunked(big, 65536), () => ({
      shape,
      write: (_, rows, bytes) => {
        expect(bytes.length).toBe(rows * 333 * 4);
        sizes.push(bytes.length);
      },
    }));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 ** 20);
    expect(sizes.length).toBe(Math.ceil((3000 * 333 * 4) / 2 ** 20));
  });

  it('moves rows larger than that one by one', async () => {
    const shape = [2, 300_000];
    const wide = fileOfTensors({ wide: { dtype: 'F32', shape, bytes: new Uint8Array(2_400_000) } });
    const rows: number[] = [];
    const write: Destination['write'] = (first, count) => rows.push(first, count);
    await loadWeights(chunked(wide, 65536), () => ({ shape, write }));
    expect(rows).toEqual([0, 1, 1, 1]);
  });

  it('takes tensors in the order of their bytes, not of their names', async () => {
    const header = {
      second: { dtype: 'F32', shape: [1], data_offsets: [4, 8] },
      first: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    };
    expect((await load(fileOf(header, 8), 64)).report.loaded).toEqual(['first', 'second']);
  });

  it('takes a tensor named __proto__ for one like any other', async () => {
    const header = '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    expect((await load(fileOf(header, 4), 64)).report.loaded).toEqual(['__proto__']);
  });

  it('checks every shape before the first write', async () => {
    const sink = keep([6, 4]);
    const loading = loadWeights(chunked(file, 64), (name) => {
      if (name === 'matrix') return sink.destination;
      return name === 'cube' ? keep([3, 2, 2]).destination : undefined;
    });
    await expect(loading).rejects.toThrow(
      'Cannot load weights: tensor "cube" has shape [2, 3, 2], expected [3, 2, 2]',
    );
    expect(sink.rows()).toBe(0);
  });

  it('refuses a shape of another rank, though it holds as many values', async () => {
    const flat = loadWeights(chunked(file, 64), (name) =>
      name === 'matrix' ? keep([24]).destination : undefined,
    );
    await expect(flat).rejects.toThrow('has shape [6, 4], expected [24]');
  });

  it('refuses integers for weights', async () => {
    const loading = loadWeights(chunked(file, 64), (_, { shape }) => keep([...shape]).destination);
    await expect(loading).rejects.toThrow(
      '"skipped" has dtype I64, expected F64, F32, F16, BF16, F8_E4M3 or F8_E5M2',
    );
  });

  it('refuses two tensors for one place', async () => {
    const { destination } = keep([1]);
    const one = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) };
    const loading = loadWeights(chunked(fileOfTensors({ a: one, b: one }), 64), () => destination);
    await expect(loading).rejects.toThrow('tensors "a" and "b" are the same parameter');
  });

  it('stops with the reason of its signal, and gives the stream back', async () => {
    const controller = new AbortController();
    let isReleased = false;
    const source = chunked(file, 16);
    const watched = {
      ...source,
      async *stream() {
        try {
          yield* source.stream();
        } finally {
          isReleased = true;
        }
      },
    };
    const loading = loadWeights(
      watched,
      (_, { shape, dtype }) =>
        dtype === 'I64' ? undefined : { shape, write: () => controller.abort(new Error('enough')) },
      { signal: controller.signal },
    );
    await expect(loading).rejects.toThrow('enough');
    expect(isReleased).toBe(true);
  });

  it('says what is missing wherever a file is cut off', async () => {
    const headerEnd = file.length - 162;
    for (let length = 0; length < file.length; length++) {
      const loading = load(file.subarray(0, length), 64);
      await expect(loading).rejects.toThrow(WeightsError);
      const part = length < 8 ? 'header length' : length < headerEnd ? 'header' : 'tensor "\\w+"';
      await expect(loading).rejects.toThrow(
        new RegExp(`^Cannot load weights: ${part} is cut off: found \\d+ bytes, expected \\d+`),
      );
    }
  });

  it('refuses bytes after the last tensor', async () => {
    const longer = Uint8Array.from([...file, 0]);
    await expect(load(longer, 64)).rejects.toThrow(/bytes after the last tensor, at \d+, expected/);
  });

  it("refuses a size that is not the file's before it writes", async () => {
    const sink = keep([6, 4]);
    for (const wrong of [file.length - 1, file.length + 1]) {
      const source = chunked(file, 64, wrong);
      const loading = loadWeights(source, () => sink.destination);
      await expect(loading).rejects.toThrow(
        `file has ${wrong} bytes, its header expects ${file.length}`,
      );
    }
    expect(sink.rows()).toBe(0);
  });
});
