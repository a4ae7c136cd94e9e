/** The pickle machine, by CPython's pickletools.py, and the closed list of globals. */
import { describe, expect, it } from 'vitest';
import { WeightsError } from '../../../../src/errors.ts';
import { ByteReader } from '../../../../src/weights/byte-reader.ts';
import { readPlain, readStateDict } from '../../../../src/weights/formats/torch-pickle.ts';

/** A reader over text whose characters are bytes. */
function readerOf(text: string): ByteReader {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  return new ByteReader(
    (async function* () {
      yield bytes;
    })(),
  );
}

const plain = (text: string) => readPlain(readerOf(`\x80\x02${text}`), 'm.bin');
const tensors = (text: string) => readStateDict(readerOf(`\x80\x02${text}`), 'm.bin');

/** Pickles of the parts of a state_dict; sizes and strides of up to 255. */
const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
const numbers = (values: number[]) =>
  `(${values.map((n) => `K${String.fromCharCode(n)}`).join('')}t`;
const storage = (length: number, type = 'torch\nFloatStorage', key = '0') =>
  `(${text('storage')}c${type}\n${text(key)}${text('cpu')}K${String.fromCharCode(length)}tQ`;
const tensor = (from: string, offset: number, shape: number[], strides: number[]) =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${from}K${String.fromCharCode(offset)}${numbers(shape)}${numbers(strides)}\x89ccollections\nOrderedDict\n)RtR`;
const dict = (entries: Record<string, string>) =>
  `}(${Object.entries(entries)
    .map(([name, value]) => text(name) + value)
    .join('')}u.`;

describe('readPlain()', () => {
  it.each<[string, unknown]>([
    ['N.', null],
    ['\x88.', true],
    ['\x89.', false],
    ['K\xff.', 255],
    ['M\x01\x02.', 513],
    ['J\xfe\xff\xff\xff.', -2],
    ['\x8a\x00.', 0],
    ['\x8a\x01\x80.', -128],
    ['\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.', 0x1950a86a20f9469cfc6cn],
    ['G\xbf\xf8\0\0\0\0\0\0.', -1.5],
    ['X\x03\0\0\0\xc3\xa9a.', 'éa'],
    ['\x8c\x01a.', 'a'],
    ['U\x01a.', 'a'],
    [').', []],
    ['K\x01K\x02\x86.', [1, 2]],
    ['(K\x01K\x02K\x03t.', [1, 2, 3]],
    [']q\x00(K\x01K\x02e.', [1, 2]],
    ['}U\x01aK\x01s.', new Map([['a', 1]])],
    [
      '}(U\x01aK\x01U\x01bK\x02u.',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
    ],
    ['K\x07\x94h\x00\x86.', [7, 7]],
  ])('reads %j', async (pickle, value) => {
    expect(await plain(pickle)).toEqual(value);
  });

  it.each([
    ['opcodes by their names', 'i__builtin__\neval\n.', 'found opcode INST (0x69), expected those'],
    ['NEWOBJ', '\x81.', 'NEWOBJ (0x81)'],
    ['extensions', '\x82\x01.', 'EXT1 (0x82)'],
    ['unknown opcodes', '\xff.', 'opcode 0xff'],
    ['old protocols', '\x80\x01N.', 'of protocol 1, expected 2 to 5'],
    ['globals', 'cos\nsystem\n.', 'it names something, expected plain values'],
    ['an empty stack', '.', 'its stack is empty'],
    ['a missing mark', 't.', 'its stack has no mark'],
    ['to pop below a mark', 'N(\x85.', 'its stack is empty'],
    ['a missing memo', 'h\x05.', 'its memo has no 5'],
    ['to append to text', 'U\x01aNa.', 'appends to what is no list'],
    ['items of a list', ']NNs.', 'sets items of what is no dict'],
    ['half an item', '}(Nu.', 'a key of a dict has no value'],
    ['lists as keys', '}]Ns.', 'neither text nor a number'],
    ['a key twice', '}(U\x01aNU\x01aNu.', 'key "a" stands twice'],
    ['state of a list', ']Nb.', 'sets the state of what is no dict'],
    ['a call', 'N)R.', 'it names something'],
    ['text that is not UTF-8', 'U\x01\xff.', 'a text is not UTF-8'],
    ['a cut', 'X\xff\0\0\0ab', 'it is cut off'],
    ['no end', 'N', 'it is cut off'],
    ['an absurd length', 'X\xff\xff\xff\xffa.', 'more than 4194304 bytes'],
    ['an endless name', `c${'a'.repeat(300)}`, 'endless name'],
  ])('refuses %s', async (_, pickle, message) => {
    await expect(plain(pickle)).rejects.toThrow(WeightsError);
    await expect(plain(pickle)).rejects.toThrow(message);
  });
});

describe('readStateDict()', () => {
  it('gives tensors as views of storages', async () => {
    const found = await tensors(dict({ a: tensor(storage(12), 2, [2, 3], [3, 1]) }));
    expect(found.views).toMatchObject([
      { name: 'a', dtype: 'F32', shape: [2, 3], strides: [3, 1], offset: 2, storage: { key: '0' } },
    ]);
  });

  it('takes a tensor named __proto__ for one like any other', async () => {
    const found = await tensors(dict({ ['__proto__']: tensor(storage(1), 0, [], []) }));
    expect(found.views[0]!.name).toBe('__proto__');
  });

  it.each([
    [
      'a function of the system',
      dict({ a: 'cposix\nsystem\nU\x02ls\x85R' }),
      'found global "posix.system"',
    ],
    ['eval', dict({ a: 'c__builtin__\neval\n' }), 'found global "__builtin__.eval"'],
    ['names of Object.prototype', dict({ a: 'ctoString\n\n' }), 'found global "toString."'],
    [
      'other storages',
      dict({ a: storage(1, 'torch\nComplexFloatStorage') }),
      '"torch.ComplexFloatStorage"',
    ],
    [
      'to call a storage type',
      dict({ a: 'ctorch\nFloatStorage\n)R' }),
      'it calls "torch.FloatStorage"',
    ],
    ['to call a text', dict({ a: 'U\x01x)R' }), 'it calls what is no function'],
    [
      'a dict made from a list',
      dict({ a: 'ccollections\nOrderedDict\n]\x85R' }),
      'made from a list',
    ],
    ['persistent ids of other kinds', dict({ a: 'U\x01xQ' }), 'a persistent id is no storage'],
    [
      'a storage of no type',
      dict({ a: `(${text('storage')}N${text('0')}NK\x01tQ` }),
      'no usable type',
    ],
    [
      'a negative length',
      dict({ a: `(${text('storage')}ctorch\nFloatStorage\n${text('0')}NJ\xff\xff\xff\xfftQ` }),
      'no usable length',
    ],
    [
      'a length beyond integers',
      dict({
        a: `(${text('storage')}ctorch\nFloatStorage\n${text('0')}N\x8a\x08\0\0\0\0\0\0\0\x7ftQ`,
      }),
      'no usable length',
    ],
    [
      'a storage declared twice',
      dict({ a: tensor(storage(1), 0, [], []), b: tensor(storage(2), 0, [], []) }),
      'is declared twice, differently',
    ],
    [
      'a tensor past its storage',
      dict({ a: tensor(storage(11), 0, [3, 4], [4, 1]) }),
      'reaches past the 11 elements of storage "0"',
    ],
    ['an offset past it', dict({ a: tensor(storage(3), 3, [1], [1]) }), 'reaches past'],
    [
      'a shape of nine axes',
      dict({ a: tensor(storage(1), 0, Array(9).fill(1), Array(9).fill(1)) }),
      'no usable offset, shape and strides',
    ],
    [
      'strides of another rank',
      dict({ a: tensor(storage(1), 0, [1], []) }),
      'no usable offset, shape and strides',
    ],
    ['a tensor of a text', dict({ a: tensor(text('x'), 0, [1], [1]) }), 'a tensor has no storage'],
    ['a value that is no tensor', dict({ a: 'K\x01' }), 'entry "a" is no tensor'],
    ['no dict', 'N.', 'holds no state_dict'],
  ])('refuses %s', async (_, pickle, message) => {
    await expect(tensors(pickle)).rejects.toThrow(WeightsError);
    await expect(tensors(pickle)).rejects.toThrow(message);
  });

  const bomb = (pickle: string) => tensors(`${pickle}.`);
  it.each([
    ['lists', ']'.repeat(2 ** 21)],
    ['dicts', '}'.repeat(2 ** 21)],
    ['tuples', ')'.repeat(2 ** 21)],
    ['marks', '('.repeat(2 ** 21)],
    ['entries of the memo', `N${'\x94'.repeat(2 ** 21)}`],
    ['globals', 'ctorch\nSize\n'.repeat(2 ** 18)],
    ['texts', 'U\0'.repeat(2 ** 20)],
    ['calls', `ccollections\nOrderedDict\nq\0)R${'h\0)R'.repeat(2 ** 18)}`],
  ])('refuses a pickle of nothing but %s', async (_, pickle) => {
    await expect(bomb(pickle)).rejects.toThrow('it has more values than any checkpoint');
  });

  // Each level holds the one below it twice: its text would have 2^45 parts.
  const doubled = `]q\0${'h\0\x86q\0'.repeat(45)}`;
  it.each([
    ['as the checkpoint', `${doubled}.`, 'holds no state_dict'],
    ['as a tensor', dict({ a: doubled }), 'entry "a" is no tensor'],
    ['as a key', `}${doubled}Ns.`, 'neither text nor a number'],
    [
      'as a shape',
      dict({ a: tensor(storage(1), 0, [], []).replace('(t(t', `${doubled}(t`) }),
      'no usable',
    ],
    ['as a persistent id', dict({ a: `${doubled}Q` }), 'is no storage'],
    ['as what is called', dict({ a: `${doubled})R` }), 'calls what is no function'],
    ['60,000 deep', `${']'.repeat(60_000)}${'a'.repeat(59_999)}.`, 'holds no state_dict'],
    [
      '200,000 deep',
      `${']'.repeat(200_000)}${'a'.repeat(199_999)}.`,
      'has more values than any checkpoint',
    ],
    ['in itself', `]q\0h\0a.`, 'holds no state_dict'],
  ])('refuses at once what holds itself over and over, %s', async (_, pickle, message) => {
    await expect(tensors(pickle)).rejects.toThrow(message);
  });

  const a = tensor(storage(1), 0, [], []);
  it.each<[string, Record<string, string>, string[], RegExp[]]>([
    [
      'state_dict',
      { epoch: 'K\x03', state_dict: `}(${text('w')}${a}u` },
      ['w'],
      [/from "state_dict"/],
    ],
    [
      'model_state_dict, beside an optimizer',
      {
        model_state_dict: `}(${text('w')}${a}u`,
        optimizer_state_dict: `}(${text('state')}}(K\0}(${text('exp_avg')}${a}uuu`,
      },
      ['w'],
      [/"model_state_dict"/],
    ],
    [
      'one dict inside another',
      { model: `}(${text('state_dict')}}(${text('w')}${a}uu` },
      ['w'],
      [/"model.state_dict"/],
    ],
    [
      'the only dict of tensors',
      { mine: `}(${text('w')}${a}u`, epoch: 'K\x01' },
      ['w'],
      [/"mine"/],
    ],
    ['the outermost, beside a number', { w: a, epoch: 'K\x01' }, ['w'], [/no tensor: "epoch"/]],
    [
      'the outermost, beside an empty dict',
      { w: a, state_dict: '}' },
      ['w'],
      [/no tensor: "state_dict"/],
    ],
    [
      'a usual name, beside tensors outside',
      { rng_state: a, state_dict: `}(${text('w')}${a}u` },
      ['w'],
      [/"state_dict"/],
    ],
  ])('reads %s', async (_, entries, names, notes) => {
    const found = await tensors(dict(entries));
    expect(found.views.map(({ name }) => name)).toEqual(names);
    expect(found.notes.length).toBe(notes.length);
    for (const [i, note] of notes.entries()) expect(found.notes[i]).toMatch(note);
  });

  it('says which dicts it found where there are several', async () => {
    const weights = `}(${text('w')}${a}u`;
    await expect(tensors(dict({ student: weights, teacher: weights }))).rejects.toThrow(
      'it holds 2 dicts of tensors ("student" of 1 entries, "teacher" of 1 entries), expected one',
    );
  });

  it.each([
    'torch\nSize',
    'torch\ndevice',
    '_codecs\nencode',
    '__builtin__\nset',
    'collections\nCounter',
  ])('passes over a value of %j, which it does not make', async (name) => {
    const found = await tensors(dict({ w: a, x: `c${name}\n)R` }));
    expect(found.views.map((view) => view.name)).toEqual(['w']);
  });

  it('keeps the shape of a global from passing for a text', async () => {
    await expect(tensors('U\x03abcN\x93.')).rejects.toThrow("a global's name is no text");
  });
});
