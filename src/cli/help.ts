/** The help of a command: what it does, how it is called, its options, and examples. */

/** The command as one calls it without installing the package. */
export const PROGRAM = 'npx mobilebert-wasm';

/** An option as help shows it: `['-k, --top-k N', 'labels per text']`. */
export type OptionHelp = readonly [flags: string, meaning: string];

/** The parts of a help text. Paragraphs are filled to 80 columns here. */
export interface HelpParts {
  /** Paragraphs about the purpose. The first sentence is what the command does. */
  readonly about: readonly string[];
  /** Calls without the program: `classify [OPTIONS] [TEXT...]`. */
  readonly usage: readonly string[];
  /** Paragraphs about the arguments. */
  readonly notes?: readonly string[];
  readonly options: readonly OptionHelp[];
  /** Calls without the program, as they are typed in a shell. */
  readonly examples: readonly string[];
}

/** How a command with texts reads them. */
export const TEXTS_NOTE =
  'Texts are the arguments, or the lines of a file or of standard input. Blank lines are skipped.';

/** `-f`, for commands that take lines. */
export function fileHelp(what: string): OptionHelp {
  return ['-f, --file FILE', `read ${what} from FILE, one per line ("-": standard input)`];
}

/**
 * `--json`.
 *
 * @param shape of an object, kept on one line: `{"text": ..., "labels": [...]}`
 * @param rest a clause behind it
 */
export function jsonHelp(per: string, shape: string, rest = ''): OptionHelp {
  const kept = shape.replaceAll(' ', NO_BREAK);
  return ['--json', `print one JSON object${per}: ${kept}${rest}`];
}

/** A blank at which lines are not broken. */
const NO_BREAK = '\u00a0';

const HELP: OptionHelp = ['-h, --help', 'show this help'];

const WIDTH = 80;

/** The text that `--help` prints. */
export function helpText({ about, usage, notes = [], options, examples }: HelpParts): string {
  const indent = ' '.repeat(`Usage: ${PROGRAM} `.length);
  const calls = usage.map((call, i) =>
    filled(call, `${i === 0 ? 'Usage:' : '      '} ${PROGRAM} `, indent),
  );
  const shown = examples.map((call) => `  ${PROGRAM} ${call}`);
  const parts = [
    ...about.map((text) => filled(text, '', '')),
    calls.join('\n'),
    ...notes.map((text) => filled(text, '', '')),
    `Options\n${optionsText([...options, HELP])}`,
    `Examples\n${shown.join('\n')}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Flags in one column, meanings in another. A flag without a short form is indented below those. */
export function optionsText(options: readonly OptionHelp[]): string {
  const flags = options.map(([text]) => (text.startsWith('--') ? `      ${text}` : `  ${text}`));
  const column = Math.max(...flags.map(({ length }) => length)) + 2;
  const lines = options.map(([, meaning], i) =>
    filled(meaning, flags[i]!.padEnd(column), ' '.repeat(column)),
  );
  return lines.join('\n');
}

/** Words on lines of at most 80 columns. */
function filled(text: string, first: string, others: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      [line, isEmpty] = [others, true];
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n').replaceAll(NO_BREAK, ' ');
}
