/** The bundled models: what their cards say is what this project's own code measures. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { calibration } from '../src/calibration/calibrate.ts';
import { MobileBertForSequenceClassification } from '../src/models/heads/classification.ts';
import { pipeline } from '../src/pipelines/pipeline.ts';
import {
  type Classification,
  TextClassificationPipeline,
} from '../src/pipelines/text-classification.ts';
import { AutoTokenizer } from '../src/tokenizer/api/tokenizer.ts';

const names = readdirSync('models');

describe.each(names)('models/%s', (name) => {
  const folder = `models/${name}`;
  const card = readFileSync(`${folder}/README.md`, 'utf8');

  it('is under 6 MB and names its licence and data', () => {
    expect(statSync(`${folder}/model.safetensors`).size).toBeLessThan(6e6);
    expect(card).toMatch(/^license: /m);
    expect(card).toMatch(/^datasets:/m);
    expect(readFileSync('NOTICE', 'utf8')).toContain(folder);
  });
});

describe('models/banking77-intents', () => {
  const folder = 'models/banking77-intents';

  it('answers as many of the 3,080 test questions as its card says', async () => {
    const card = readFileSync(`${folder}/README.md`, 'utf8');
    const [, right, total] = card.match(/\(([\d,]+) of ([\d,]+)\)/)!;
    const questions = readQuestions(`${folder}/test.csv`);
    expect(questions.length).toBe(toNumber(total!));

    const classify = await pipeline('text-classification', folder);
    const answers = await classify(questions.map(({ text }) => text));
    await classify.dispose();
    const found = answers.filter(({ label }, i) => label === questions[i]!.category).length;
    expect(found).toBe(toNumber(right!));
    expect(found / questions.length).toBeGreaterThanOrEqual(0.89);
    expect(card).toContain(`value: ${(found / questions.length).toFixed(4)}`);
  });

  it.each([
    ['q8', 0.001],
    ['q8-fast', 0.003],
  ])('answers in %s within %f of fp32', async (dtype, most) => {
    const classify = await pipeline('text-classification', folder, { dtype });
    expect(await distanceOf(classify)).toBeLessThanOrEqual(most);
  });

  it('answers in q8, calibrated with random words, within 0.001 of fp32', async () => {
    const model = await MobileBertForSequenceClassification.from_pretrained(folder, {
      dtype: 'q8',
    });
    const exact = await MobileBertForSequenceClassification.from_pretrained(folder);
    await model.calibrate(exact, calibration());
    const tokenizer = await AutoTokenizer.from_pretrained(folder);
    const classify = new TextClassificationPipeline({
      task: 'text-classification',
      model,
      tokenizer,
    });
    expect(await distanceOf(classify)).toBeLessThanOrEqual(0.001);
  });

  /** Of the shares of questions that are answered rightly, the pipeline's and fp32's. */
  async function distanceOf(classify: TextClassificationPipeline): Promise<number> {
    const card = readFileSync(`${folder}/README.md`, 'utf8');
    const right = toNumber(card.match(/\(([\d,]+) of [\d,]+\)/)![1]!);
    const questions = readQuestions(`${folder}/test.csv`);
    const answers = await classify(questions.map(({ text }) => text));
    await classify.dispose();
    const labels = (answers as Classification[]).map(({ label }) => label);
    const found = labels.filter((label, i) => label === questions[i]!.category).length;
    return Math.abs(found - right) / questions.length;
  }
});

function toNumber(text: string): number {
  return Number(text.replace(',', ''));
}

/** Rows of a CSV file with quoted fields that hold commas, quotes and line ends, but no blank rows. */
function readQuestions(file: string): { text: string; category: string }[] {
  const rows = readFileSync(file, 'utf8').matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*)),([^,\r\n]+)\r?\n/g,
  );
  const [, ...questions] = Array.from(rows, ([, quoted, plain, category]) => ({
    text: quoted?.replaceAll('""', '"') ?? plain!,
    category: category!,
  }));
  return questions;
}
