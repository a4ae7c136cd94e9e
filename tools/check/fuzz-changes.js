/** Changes to files, each by a seeded generator: bytes, JSON, and headers that stay well-formed. */

/** Numbers that are dangerous in length fields. */
const ODD = [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const ODD_TEXTS = [
  '__proto__', 'constructor', 'toString', '-1', '0', '1e999', '9007199254740993', 'null', 'true', '{}',
  '[]', '""', '[[[[[[[[', '{"a":', '\\u0000', '\\ud800', '../../etc/passwd', '4294967296', '0.5', 'NaN',
]; // biome-ignore format: a table

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes one to four changes to a copy of `bytes`, most near the two ends, where formats have
 * structure.
 */
export function mutate(bytes, random, isText = false) {
  let file = Uint8Array.from(bytes);
  const below = (n) => Math.floor(random() * n);
  const somewhere = () => {
    const where = random();
    if (isText || where < 0.2) return below(file.length + 1);
    if (where < 0.75) return below(Math.min(file.length, 6000) + 1);
    return file.length - below(Math.min(file.length, 3000) + 1);
  };
  const splice = (at, removed, added) => {
    const tail = file.subarray(Math.min(file.length, at + removed));
    const joined = new Uint8Array(at + added.length + tail.length);
    joined.set(file.subarray(0, at));
    joined.set(added, at);
    joined.set(tail, at + added.length);
    file = joined;
  };
  const kinds = [
    (at) => splice(at, 1, [(file[at] ?? 0) ^ (1 << below(8))]),
    (at) => splice(at, 1, [below(256)]),
    (at) => splice(at, 4, new Uint8Array(Uint32Array.of(ODD[below(ODD.length)]).buffer)),
    (at) => splice(at, 2, new Uint8Array(Uint16Array.of(ODD[below(ODD.length)]).buffer)),
    (at) => splice(at, file.length, []),
    (at) => splice(at, 1 + below(20), []),
    (at) =>
      splice(
        at,
        0,
        Uint8Array.from({ length: 1 + below(20) }, () => below(256)),
      ),
    (at) => splice(at, 0, file.slice(somewhere()).subarray(0, 1 + below(400))),
    (at) => splice(at, below(12), new TextEncoder().encode(ODD_TEXTS[below(ODD_TEXTS.length)])),
  ];
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const kind = isText && random() < 0.5 ? kinds.at(-1) : kinds[below(kinds.length)];
    kind(somewhere());
  }
  return file;
}

/** Makes one to three changes to JSON: an odd value, an odd key, or a key removed. */
export function mutateJson(bytes, random) {
  const below = (n) => Math.floor(random() * n);
  const odd = [
    null,
    -1,
    0,
    0.5,
    1e300,
    2 ** 31,
    '',
    '__proto__',
    [],
    {},
    true,
    [[[]]],
    'x'.repeat(300),
  ];
  const json = JSON.parse(new TextDecoder().decode(bytes));
  const places = [];
  const walk = (node) => {
    for (const key of Object.keys(node)) {
      places.push([node, key]);
      if (typeof node[key] === 'object' && node[key] !== null) walk(node[key]);
    }
  };
  walk(json);
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const [node, key] = places[below(places.length)];
    if (random() < 0.2) delete node[key];
    else if (random() < 0.8) node[key] = odd[below(odd.length)];
    else node[['__proto__', 'constructor', '-1', ''][below(4)]] = node[key];
  }
  return new TextEncoder().encode(JSON.stringify(json));
}

/** A safetensors file whose header is other JSON, of the length that it says. */
export function mutateHeader(bytes, random) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = mutateJson(bytes.subarray(8, 8 + length), random);
  const file = new Uint8Array(8 + header.length + bytes.length - 8 - length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  file.set(bytes.subarray(8 + length), 8 + header.length);
  return file;
}

/**
 * An HDF5 file with changes inside structures that have a checksum. Most checksums are made right
 * again, so that what lies behind them is read.
 */
export function mutateSummed(bytes, random, lookup3) {
  const file = Uint8Array.from(bytes);
  const view = new DataView(file.buffer);
  const structures = structuresOf(file);
  const below = (n) => Math.floor(random() * n);
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const [start, length] = structures[below(structures.length)];
    const at = start + 4 + below(length - 8);
    const kind = random();
    const odd = new Uint8Array(Uint32Array.of(ODD[below(ODD.length)]).buffer);
    if (kind < 0.5) file[at] ^= 1 << below(8);
    else if (kind < 0.75) file[at] = below(256);
    else file.set(odd, Math.min(at, start + length - 8));
    const sum = lookup3(file.subarray(start, start + length - 4));
    if (random() < 0.9) view.setUint32(start + length - 4, sum, true);
  }
  return file;
}

/** Superblock, object headers and their continuations: where they start, and their bytes. */
function structuresOf(file) {
  const view = new DataView(file.buffer);
  const found = file[8] >= 2 ? [[0, 48]] : [];
  for (let at = 0; at + 12 < file.length; at++) {
    if (view.getUint32(at) !== 0x4f484452) continue;
    const flags = file[at + 5];
    const width = 1 << (flags & 3);
    const prefix = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    const size = view.getUint32(at + prefix, true) % 2 ** (8 * Math.min(width, 4));
    const length = prefix + width + size + 4;
    if (at + length <= file.length) found.push([at, length]);
  }
  return found;
}
