/**
 * What does one of the 24 blocks cost, with its weights in cache and as the model runs it? The
 * first is the difference of models with one block and with none, called in turn; the second that
 * of 24 blocks and none, per block. Between the two lies the cost of streaming 3.4 MB of weights a
 * block.
 */
import { MobileBertForQuestionAnswering } from '../../src/models/heads/question-answering.ts';
import { runTwin } from '../../test/reference/heads.ts';
import { fileOfTensors } from '../../test/src/weights/safetensors-file.ts';
import { fullConfig, hashedIds, hashedWeights } from '../../test/support/hashed-weights.ts';
import {
  type Column,
  digits,
  head,
  line,
  percent,
  scientific,
  spreadOf,
} from '../support/table.js';
import { inputsOf, LIMIT, loadHashed, passFlops, shipped } from './full-size.ts';
import type { Figure, Machine } from './harness.ts';
import type { Report } from './result.ts';
import { flopsOf, LAYERS, LENGTHS, shapesOf } from './shapes.ts';
import { largestError } from './trial.ts';

const HEAD = 'MobileBertForQuestionAnswering';
/** Tokens of the call that is compared with float64. */
const CHECKED = 16;

const COLUMNS: Column[] = [
  { title: '', width: 10, isText: true },
  { title: 'max error', width: 9 },
  { title: 'in cache us', width: 11 },
  { title: 'of peak', width: 7 },
  { title: 'spread', width: 7 },
  { title: '1 of 24 us', width: 11 },
  { title: 'of peak', width: 7 },
  { title: 'spread', width: 7 },
];

/** Prints one row for every length. */
export async function benchBlock(machine: Machine, report: Report): Promise<void> {
  const [none, one] = await Promise.all([0, 1].map((layers) => loadLayers(layers, machine)));
  const all = await loadHashed(HEAD, machine);
  const error = await one.error();
  console.log(`\n${head(COLUMNS, 'one block')}`);
  if (!(error <= LIMIT)) {
    console.log(line(COLUMNS, ['', scientific(error), 'WRONG']));
    process.exitCode = 1;
    return;
  }
  for (const S of LENGTHS) {
    if (!machine.selection.has(`S = ${S}`)) continue;
    const inputs = inputsOf(S);
    const cached = machine.figure(
      await machine.sample([() => none.model(inputs), () => one.model(inputs)]),
      ([nothing, block]) => block - nothing,
    );
    const streamed = machine.figure(
      await machine.sample([() => none.model(inputs), () => all(inputs)]),
      ([nothing, blocks]) => (blocks - nothing) / LAYERS,
    );
    report.add(`S = ${S}: in cache`, cached, { error, at: S });
    report.add(`S = ${S}: one of ${LAYERS}`, streamed, { at: S });
    const cells = (figure: Figure) => [
      digits(1000 * figure.value),
      percent(blockFlops(S) / figure.value / 1e6 / machine.peak),
      spreadOf(figure),
    ];
    console.log(
      line(COLUMNS, [`S = ${S}`, scientific(error), ...cells(cached), ...cells(streamed)]),
    );
  }
  await Promise.all([none.model, one.model, all].map((model) => model.dispose()));
}

/** A model with so many blocks, and a function that gives its error against float64. */
async function loadLayers(layers: number, { build }: Machine) {
  const config = { ...fullConfig(HEAD), num_hidden_layers: layers };
  const kept = [...hashedWeights(HEAD)].filter(([name]) => {
    const layer = /\.layer\.(\d+)\./.exec(name)?.[1];
    return layer === undefined || Number(layer) < layers;
  });
  const weights = new Map(kept);
  const stored = kept.map(([name, { shape, data }]) => [
    name,
    { dtype: 'F32' as const, shape: [...shape], bytes: new Uint8Array(data.buffer as ArrayBuffer) },
  ]);
  const files = {
    'config.json': config,
    'model.safetensors': fileOfTensors(Object.fromEntries(stored)),
  };
  const model = await MobileBertForQuestionAnswering.from_pretrained(files, {
    variant: shipped(build.name),
  });
  const error = async () => {
    const ids = hashedIds(CHECKED);
    const inputs = new Map([['input_ids', { shape: [1, CHECKED], data: ids }]]);
    const expected = runTwin({ head: HEAD, config, weights, inputs }).get('start_logits')!;
    const { start_logits } = await model({ input_ids: [ids] });
    return largestError(start_logits.data as Float32Array, expected.data);
  };
  return { model, error };
}

/** Multiplications and additions of one block: a pass without the embeddings' product, over 24. */
function blockFlops(S: number): number {
  const [embeddings] = shapesOf(S);
  return (passFlops(S) - flopsOf(embeddings)) / LAYERS;
}
