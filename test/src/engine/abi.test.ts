import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Sums } from '../../../src/calibration/calibration-engine.ts';
import * as abi from '../../../src/engine/abi.ts';

const shared = readFileSync('assembly/abi.ts', 'utf8');
const layout = readFileSync('assembly/memory/layout.ts', 'utf8');

/** The members of a const enum of assembly/abi.ts, or another file. */
function membersOf(name: string, file = shared): Record<string, number> {
  const body = file.match(new RegExp(`const enum ${name} \\{([^}]*)\\}`))?.[1] ?? '';
  const members = [...body.matchAll(/^\s*(\w+) = (\d+),/gm)];
  return Object.fromEntries(members.map(([, member, value]) => [member, Number(value)]));
}

/** The fields of a record of assembly/memory/layout.ts, with their types. */
function fieldsOf(name: string): [string, string][] {
  const body = layout.match(new RegExp(`export class ${name} \\{([\\s\\S]*?)\\n\\}`))?.[1] ?? '';
  return [...body.matchAll(/^\s*(\w+)!: (\w+)/gm)].map(([, field, type]) => [field!, type!]);
}

describe('abi', () => {
  it('has the version of assembly/abi.ts', () => {
    expect(shared).toContain(`ABI_VERSION: i32 = ${abi.ABI_VERSION};`);
  });

  it('mirrors every enum of assembly/abi.ts and no other', () => {
    const enums = [...shared.matchAll(/const enum (\w+)/g)].map(([, name]) => name!);
    const mirrored = Object.entries(abi).filter(([, value]) => typeof value === 'object');
    const objects = mirrored.filter(([, value]) => !Array.isArray(value));
    expect(objects.map(([name]) => name).sort()).toEqual(enums.sort());
    for (const [name, value] of objects) expect(value, name).toEqual(membersOf(name));
  });

  it('mirrors the places of assembly/calibration.ts', () => {
    const file = readFileSync('assembly/calibration.ts', 'utf8');
    expect(Sums).toEqual(membersOf('Sums', file));
  });

  it('lists the fields of Config in their order, 4 bytes each', () => {
    const fields = fieldsOf('Config');
    expect(fields.map(([field]) => field)).toEqual([...abi.CONFIG_FIELDS]);
    const floats = fields.filter(([, type]) => type === 'f32').map(([field]) => field);
    expect(floats).toEqual(['epsilon']);
    const types = new Set(fields.map(([, type]) => type));
    expect([...types].sort()).toEqual(['Activation', 'NormKind', 'WeightType', 'f32', 'i32']);
  });

  it('numbers buffers as the fields of Buffers', () => {
    const buffers = Object.entries(abi.Buffer).sort(([, a], [, b]) => a - b);
    const names = buffers.map(([name]) => name[0]!.toLowerCase() + name.slice(1));
    const fields = fieldsOf('Buffers');
    expect(fields).toEqual(names.map((name) => [name, 'usize']));
    expect(buffers.map(([, value]) => value)).toEqual(names.map((_, i) => i));
  });

  it('names outputs as bits of their own', () => {
    const bits = Object.values(abi.Output);
    expect(bits.reduce<number>((all, bit) => all | bit, 0)).toBe(2 ** bits.length - 1);
  });
});
