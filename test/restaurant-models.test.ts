/** The bundled models of restaurant bookings: what their cards say is what this project's code measures. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pipeline } from '../src/pipelines/pipeline.ts';

type Span = readonly [start: number, end: number];

interface TestFile {
  /** What each slot is asked by. */
  readonly questions: Readonly<Record<string, string>>;
  readonly utterances: readonly Utterance[];
}

interface Utterance {
  readonly text: string;
  readonly spans: Readonly<Record<string, Span>>;
  /** The slots that the system had asked for; only in the slots' file. */
  readonly asked?: readonly string[];
}

const DTYPES = ['fp32', 'q8'] as const;

/** Rounding to eight bits may cost this share of the score at most. */
const Q8_LOSS = 0.003;

function read(folder: string) {
  const card = readFileSync(`${folder}/README.md`, 'utf8');
  const test: TestFile = JSON.parse(readFileSync(`${folder}/test.json`, 'utf8'));
  /** The shares that stand behind a dtype, and the cells after it, in the card's table. */
  const shares = (dtype: string, ...cells: string[]) => {
    const head = [`\`${dtype}\``, ...cells].join(' | ');
    const row = card.split('\n').find((line) => line.startsWith(`| ${head} |`))!;
    return Array.from(
      row.matchAll(/([\d.]+) %/g),
      ([, percent]) => Math.round(100 * Number(percent)) / 1e4,
    );
  };
  return { card, test, shares };
}

/** To hundredths of a percent, as a card has it. */
const rounded = (share: number) => Math.round(1e4 * share) / 1e4;

describe('models/restaurant8k-slots', () => {
  const folder = 'models/restaurant8k-slots';
  const { card, test, shares } = read(folder);

  /** What stands in front of an utterance: nothing, or what the system had asked, as the card has it. */
  const FRONTS = {
    'the utterance alone': () => '',
    'after the question': ({ asked = [] }: Utterance) =>
      asked.map((slot) => `${test.questions[slot]} `).join(''),
  };
  const WAYS = [
    { way: 'the utterance alone', least: 0.9 },
    { way: 'after the question', least: 0.92 },
  ] as const;
  const cases = DTYPES.flatMap((dtype) => WAYS.map((way) => ({ dtype, ...way })));

  it.each(cases)(
    'finds the slots of the test utterances as its card says, in $dtype, $way',
    async ({ dtype, way, least }) => {
      const tag = await pipeline('token-classification', folder, { dtype });
      const fronts = test.utterances.map(FRONTS[way]);
      const found = await tag(
        test.utterances.map(({ text }, i) => fronts[i]! + text),
        { aggregation_strategy: 'first' },
      );
      await tag.dispose();
      let [right, wanted] = [0, 0];
      for (const [i, { spans }] of test.utterances.entries()) {
        const shift = fronts[i]!.length;
        wanted += Object.keys(spans).length;
        for (const { entity_group, start, end } of found[i]!) {
          const [from, to] = spans[entity_group] ?? [];
          if (from === start! - shift && to === end! - shift) right++;
        }
      }
      const precision = right / found.flat().length;
      const recall = right / wanted;
      const f1 = (2 * precision * recall) / (precision + recall);
      expect([f1, precision, recall].map(rounded)).toEqual(shares(dtype, way));
      expect(f1).toBeGreaterThanOrEqual(least);
    },
  );

  it.each(WAYS)(
    'states its score where the hub reads it, and loses no more in q8, $way',
    ({ way }) => {
      const [full, small] = [shares('fp32', way)[0]!, shares('q8', way)[0]!];
      expect(card).toContain(`value: ${full.toFixed(4)}`);
      expect(full - small).toBeLessThanOrEqual(Q8_LOSS);
    },
  );
});

describe('models/restaurant8k-answers', () => {
  const folder = 'models/restaurant8k-answers';
  const { card, test, shares } = read(folder);

  it.each(DTYPES)('answers on the test utterances as its card says, in %s', async (dtype) => {
    const ask = await pipeline('question-answering', folder, { dtype });
    const pairs = Object.entries(test.questions).flatMap(([slot, question]) =>
      test.utterances.map(({ text, spans }) => ({ question, text, span: spans[slot] })),
    );
    const found = await ask(
      pairs.map(({ question }) => question),
      pairs.map(({ text }) => text),
      { handle_impossible_answer: true },
    );
    await ask.dispose();
    const answers = found.map((answer, i) => ({ answer, span: pairs[i]!.span }));
    const some = answers.filter(({ span }) => span !== undefined);
    const none = answers.filter(({ span }) => span === undefined);
    const exact = some.filter(
      ({ answer, span }) => answer.start === span![0] && answer.end === span![1],
    ).length;
    const silent = none.filter(({ answer }) => answer.answer === '').length;
    expect([exact / some.length, silent / none.length].map(rounded)).toEqual(shares(dtype));
    expect(exact / some.length).toBeGreaterThanOrEqual(0.91);
    expect(silent / none.length).toBeGreaterThanOrEqual(0.98);
  });

  it('states its scores where the hub reads them, and loses no more in q8', () => {
    for (const [i, share] of shares('fp32').entries()) {
      expect(card).toContain(`value: ${share.toFixed(4)}`);
      expect(share - shares('q8')[i]!).toBeLessThanOrEqual(Q8_LOSS);
    }
  });
});
