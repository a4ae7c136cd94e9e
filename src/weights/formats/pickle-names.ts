/** Names of the opcodes that are refused, by CPython's pickletools.py. */

const NAMES: Readonly<Record<string, string>> = {
  '0': 'POP',
  '1': 'POP_MARK',
  '2': 'DUP',
  F: 'FLOAT',
  I: 'INT',
  L: 'LONG',
  P: 'PERSID',
  S: 'STRING',
  V: 'UNICODE',
  d: 'DICT',
  g: 'GET',
  i: 'INST',
  l: 'LIST',
  o: 'OBJ',
  p: 'PUT',
  B: 'BINBYTES',
  C: 'SHORT_BINBYTES',
  '\x81': 'NEWOBJ',
  '\x82': 'EXT1',
  '\x83': 'EXT2',
  '\x84': 'EXT4',
  '\x8b': 'LONG4',
  '\x8d': 'BINUNICODE8',
  '\x8e': 'BINBYTES8',
  '\x8f': 'EMPTY_SET',
  '\x90': 'ADDITEMS',
  '\x91': 'FROZENSET',
  '\x92': 'NEWOBJ_EX',
  '\x96': 'BYTEARRAY8',
  '\x97': 'NEXT_BUFFER',
  '\x98': 'READONLY_BUFFER',
};

/** An opcode as an error message shows it. */
export function refusedName(code: number): string {
  const char = String.fromCharCode(code);
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  return Object.hasOwn(NAMES, char) ? `${NAMES[char]} (${hex})` : hex;
}
