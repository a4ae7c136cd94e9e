import { describe, expect, it } from 'vitest';
import * as library from '../../src/index.ts';

const surface: Readonly<Record<string, unknown>> = { ...library };

const CLASSES = [
  'MobileBertModel',
  'MobileBertForPreTraining',
  'MobileBertForMaskedLM',
  'MobileBertForNextSentencePrediction',
  'MobileBertForSequenceClassification',
  'MobileBertForMultipleChoice',
  'MobileBertForTokenClassification',
  'MobileBertForQuestionAnswering',
];

const AUTO = CLASSES.map((name) => name.replace(/^MobileBert(?:Model)?/, 'AutoModel'));

describe('the public surface', () => {
  it.each([
    ...CLASSES,
    ...AUTO,
    ...['AutoConfig', 'MobileBertConfig'],
    ...['AutoTokenizer', 'MobileBertTokenizer', 'MobileBertTokenizerFast', 'BertTokenizer'],
  ])('has %s with from_pretrained', (name) => {
    expect(surface[name]).toHaveProperty('from_pretrained', expect.any(Function));
  });

  it.each([
    ...['pipeline', 'Pipeline', 'TextClassificationPipeline', 'PreTrainedModel', 'calibration'],
    ...['ZeroShotClassificationPipeline', 'FeatureExtractionPipeline'],
    ...['NextSentencePredictionPipeline', 'MultipleChoicePipeline'],
    ...['TokenClassificationPipeline', 'QuestionAnsweringPipeline', 'FillMaskPipeline'],
    ...['PreTrainedTokenizer', 'BatchEncoding', 'Tensor'],
    ...['ConfigError', 'FilesError', 'InputError', 'TokenizerError', 'WeightsError'],
    ...['softmax', 'log_softmax', 'dot', 'cos_sim', 'mean_pooling', 'layer_norm', 'cat', 'stack'],
    ...['permute', 'slice', 'topk', 'matmul', 'mean', 'std_mean', 'quantize_embeddings'],
    ...['full', 'full_like', 'ones', 'ones_like', 'zeros', 'zeros_like', 'rand', 'randn'],
  ])('has %s', (name) => {
    expect(surface[name]).toBeTypeOf('function');
  });

  it('has the settings of transformers.js under their names', () => {
    expect(library.env).toMatchObject({ allowRemoteModels: true, allowLocalModels: true });
    expect(library.LogLevel.WARNING).toBe(30);
  });
});
