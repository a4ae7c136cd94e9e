/** The public surface of `mobilebert-wasm`: re-exports only, under Hugging Face's names. */

// ---- settings, configuration, errors ----

export type {
  IdToLabel,
  LabelToId,
  MobileBertConfigOptions,
  PrunedHeads,
} from './config/config.ts';
export type { Build, Variant } from './engine/build.ts';
export type { MemoryUsage } from './engine/engine.ts';
export { type InitOptions, init, type WasmSource, type WasmSources } from './engine/module.ts';
export { ConfigError, FilesError, InputError, TokenizerError, WeightsError } from './errors.ts';
export {
  type CustomCache,
  type Environment,
  env,
  type FilesOptions,
  LogLevel,
} from './hub/options.ts';
export type { FileProgress, ProgressCallback, ProgressEvent } from './hub/progress.ts';
export type { FileHandle, FileLike, FolderHandle, Source, StoredObject } from './hub/source.ts';
export {
  AutoConfig,
  type ConfigFromPretrainedOptions,
  MobileBertConfig,
} from './models/pretrained-config.ts';

// ---- models ----

export { type CalibrationOptions, calibration } from './calibration/calibrate.ts';
export type { CalibrationText } from './calibration/texts.ts';
export type { EncoderInputs } from './models/call/inputs.ts';
export type {
  BaseModelOutputWithPooling,
  EncoderOutput,
  MaskedLMOutput,
  MobileBertForPreTrainingOutput,
  MultipleChoiceModelOutput,
  NextSentencePredictorOutput,
  QuestionAnsweringModelOutput,
  SequenceClassifierOutput,
  TokenClassifierOutput,
  WithLoss,
} from './models/call/outputs.ts';
export type { NestedNumbers, TensorLike } from './models/call/tensor-like.ts';
export {
  type AutoClass,
  AutoModel,
  AutoModelForMaskedLM,
  AutoModelForMultipleChoice,
  AutoModelForNextSentencePrediction,
  AutoModelForPreTraining,
  AutoModelForQuestionAnswering,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
} from './models/heads/auto.ts';
export {
  MobileBertForMultipleChoice,
  MobileBertForSequenceClassification,
  MobileBertForTokenClassification,
  type MultipleChoiceInputs,
  type SequenceClassificationInputs,
  type TokenClassificationInputs,
} from './models/heads/classification.ts';
export { MobileBertModel, type MobileBertModelOptions } from './models/heads/mobilebert-model.ts';
export {
  type MaskedLMInputs,
  MobileBertForMaskedLM,
  MobileBertForNextSentencePrediction,
  MobileBertForPreTraining,
  type NextSentencePredictionInputs,
  type PreTrainingInputs,
} from './models/heads/pretraining.ts';
export {
  MobileBertForQuestionAnswering,
  type QuestionAnsweringInputs,
} from './models/heads/question-answering.ts';
export {
  TFMobileBertForMaskedLM,
  TFMobileBertForMultipleChoice,
  TFMobileBertForNextSentencePrediction,
  TFMobileBertForPreTraining,
  type TFMobileBertForPreTrainingOutput,
  TFMobileBertForQuestionAnswering,
  TFMobileBertForSequenceClassification,
  TFMobileBertForTokenClassification,
  TFMobileBertModel,
} from './models/heads/tf-names.ts';
export type { LoadingInfo } from './models/load/load-checkpoint.ts';
export type { CountOptions } from './models/model-info.ts';
export type { EngineOptions, FromPretrainedOptions } from './models/options.ts';
export {
  type Calibration,
  type InputEmbeddings,
  type ModelInfo,
  PreTrainedModel,
} from './models/pretrained-model.ts';
export type { FileContent, ModelFilesOptions, ModelSaveOptions } from './models/save/save.ts';
export type { HeadsToPrune } from './models/surgery/prune-heads.ts';
export type { ResizeOptions } from './models/surgery/resize-embeddings.ts';

// ---- pipelines ----

export type { Answer } from './pipelines/answers.ts';
export {
  Pipeline,
  type PipelineOptions,
  type PipelineParts,
  type ReadyEvent,
} from './pipelines/base.ts';
export type { AggregationStrategy, EntityGroup, TokenEntity } from './pipelines/entities.ts';
export {
  type EmbeddingPrecision,
  type Embeddings,
  type FeatureExtractionOptions,
  FeatureExtractionPipeline,
  type Pooling,
} from './pipelines/feature-extraction.ts';
export {
  type FillMaskOptions,
  FillMaskPipeline,
  type MaskFill,
  type TextFills,
} from './pipelines/fill-mask.ts';
export {
  type CacheCheckResult,
  type CacheClearResult,
  type FileCacheStatus,
  type FileMetadata,
  ModelRegistry,
  type RegistryOptions,
} from './pipelines/model-registry.ts';
export {
  type Choice,
  type MultipleChoiceOptions,
  MultipleChoicePipeline,
} from './pipelines/multiple-choice.ts';
export {
  type NextSentencePrediction,
  type NextSentencePredictionOptions,
  NextSentencePredictionPipeline,
  type NextSentenceResult,
} from './pipelines/next-sentence-prediction.ts';
export { type PipelineOf, pipeline, type Task } from './pipelines/pipeline.ts';
export {
  type QuestionAnsweringOptions,
  QuestionAnsweringPipeline,
  type QuestionAnsweringResult,
} from './pipelines/question-answering.ts';
export type { Sample } from './pipelines/rows.ts';
export type { ScoreFunction } from './pipelines/scores.ts';
export {
  type Classification,
  type ClassificationInput,
  type ClassificationResult,
  type TextClassificationOptions,
  TextClassificationPipeline,
} from './pipelines/text-classification.ts';
export {
  type TokenClassificationOptions,
  TokenClassificationPipeline,
  type TokenClassificationResult,
} from './pipelines/token-classification.ts';
export {
  type ZeroShotClassification,
  type ZeroShotClassificationOptions,
  ZeroShotClassificationPipeline,
} from './pipelines/zero-shot-classification.ts';

// ---- tensors ----

export {
  full,
  full_like,
  ones,
  ones_like,
  rand,
  randn,
  zeros,
  zeros_like,
} from './tensor/creation.ts';
export { cos_sim, dot, log_softmax, magnitude, softmax, type Vector } from './tensor/math.ts';
export { matmul } from './tensor/matmul.ts';
export {
  cat,
  permute,
  quantize_embeddings,
  slice,
  stack,
  topk,
} from './tensor/operations.ts';
export { layer_norm, mean, mean_pooling, std_mean } from './tensor/statistics.ts';
export {
  type DataType,
  type DataTypeMap,
  type Element,
  type Nested,
  Tensor,
} from './tensor/tensor.ts';

// ---- tokenizer ----

export {
  type AddedToken,
  type AddedTokenLike,
  AutoTokenizer,
  BatchEncoding,
  BertTokenizer,
  BertTokenizerFast,
  type CallOptions,
  type CharSpan,
  MobileBertTokenizer,
  MobileBertTokenizerFast,
  PreTrainedTokenizer,
  type PretrainedOptions,
  type TokenizerFiles,
  type TokenizerOptions,
  type TokenSpan,
} from './tokenizer/api/tokenizer.ts';
