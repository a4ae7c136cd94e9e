/**
 * Reads the WebAssembly text that asc writes beside each build: functions, loops and instructions.
 * The text has one instruction a line, nesting is one space a level, and `end` closes at its
 * opener's level.
 */

/** Text of one function by its full name, such as `assembly/kernels/gemm-f32/f32GemmNr8`. */
export function functionText(wat: string, name: string): string {
  const start = wat.indexOf(`\n (func $${name} `);
  if (start < 0) throw new Error(`Cannot find function ${name}: it is not in this module`);
  return wat.slice(start + 1, wat.indexOf('\n )', start));
}

/** Texts of the loops that hold no other loop. */
export function innermostLoops(text: string): string[] {
  const lines = text.split('\n');
  const loops: string[] = [];
  for (const [start, line] of lines.entries()) {
    const indent = /^ *(?=loop\b)/.exec(line)?.[0];
    if (indent === undefined) continue;
    const end = lines.indexOf(`${indent}end`, start);
    const body = lines.slice(start + 1, end);
    if (!body.some((inner) => /^ *loop\b/.test(inner))) loops.push(body.join('\n'));
  }
  return loops;
}

/** The number of instructions in a text that match; a pattern has to match the whole mnemonic. */
export function count(text: string, mnemonic: RegExp): number {
  const whole = new RegExp(`^ *(?:${mnemonic.source})(?= |$)`);
  return text.split('\n').filter((line) => whole.test(line)).length;
}

/** Names of the module's exports, in order. */
export function exportsOf(wat: string): string[] {
  return Array.from(wat.matchAll(/^ \(export "([^"]*)"/gm), ([, name]) => name);
}

/** The module's imports as `module.name`. */
export function importsOf(wat: string): string[] {
  return Array.from(
    wat.matchAll(/^ \(import "([^"]*)" "([^"]*)"/gm),
    ([, module, name]) => `${module}.${name}`,
  );
}
