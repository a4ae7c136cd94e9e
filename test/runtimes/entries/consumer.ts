/** A TypeScript user's code: it has to compile, with these types. */
import {
  AutoTokenizer,
  type Classification,
  init,
  MobileBertConfig,
  MobileBertForSequenceClassification,
  pipeline,
  type Tensor,
  type TextClassificationPipeline,
} from 'mobilebert-wasm';
import { inlineWasm } from 'mobilebert-wasm/inline';
import {
  createHandler,
  type Route,
  textClassification,
  tokenClassification,
} from 'mobilebert-wasm/serve';
import { type DataTensor, MobileBertTokenizer } from 'mobilebert-wasm/tokenizer';

export async function classify(texts: string[]): Promise<string[]> {
  const one: TextClassificationPipeline = await pipeline('text-classification', './model');
  const found: Classification[] = await one(texts);
  const ranked: Classification[][] = await one(texts, { top_k: 3 });
  return [...found, ...ranked.flat()].map(({ label }) => label);
}

export async function logits(text: string): Promise<Float32Array> {
  const tokenizer = await AutoTokenizer.from_pretrained('./model');
  const model = await MobileBertForSequenceClassification.from_pretrained('./model');
  const output = await model({ ...tokenizer(text) });
  const result: Tensor<'float32'> = output.logits;
  return result.data;
}

export async function wholeOrAlone(text: string): Promise<void> {
  const model = await MobileBertForSequenceClassification.from_pretrained('./model');
  const whole: Tensor<'int64'> = (await AutoTokenizer.from_pretrained('./model'))(text).input_ids;
  const alone: DataTensor<'int64'> = (await tokenizerOf('./model'))(text).input_ids;
  await model({ input_ids: whole.unsqueeze(0).squeeze(0) });
  await model({ input_ids: alone });
}

export const config = new MobileBertConfig({ num_hidden_layers: 2 });
export const tokenizerOf = (folder: string) => MobileBertTokenizer.from_pretrained(folder);
export const useInline = () => init({ wasm: inlineWasm() });
export const useModule = (module: WebAssembly.Module) => init({ wasm: module });

interface Bindings {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

/** A route of the user's own. */
const lengths: Route<Bindings, string> = {
  read: (body) => String(body.text),
  open: async () => ({ answer: async (text) => text.length }),
};

export const serve: (request: Request, bindings: Bindings) => Promise<Response> = createHandler(
  {
    '/classify': textClassification({
      model: async ({ ASSETS }: Bindings) => ({ 'vocab.txt': await ASSETS.fetch('vocab.txt') }),
      load: { dtype: 'q8' },
      options: { top_k: 3 },
    }),
    '/ner': tokenClassification({ model: './model' }),
    '/lengths': lengths,
  },
  { maxBytes: 4096, onError: (error, { url }) => console.error(url, error) },
);
