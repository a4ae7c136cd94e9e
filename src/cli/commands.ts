/** The commands: the one list. Help, dispatch and suggestions are derived from it. */

import type { Command } from './io.ts';

/** A command in the list. Its code is loaded when it is called. */
export interface CommandEntry {
  /** One line for the list of commands, of at most 60 characters. */
  readonly summary: string;
  /** Other names of the same thing, which a refusal answers with the command's. */
  readonly otherNames?: readonly string[];
  load(): Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  classify: {
    summary: 'label texts: intents, sentiments, topics',
    otherNames: ['text-classification', 'sentiment-analysis', 'label'],
    load: async () => (await import('./commands/classify.ts')).classify,
  },
  ner: {
    summary: 'find entities such as names, places and times',
    otherNames: ['token-classification', 'entities', 'tag'],
    load: async () => (await import('./commands/ner.ts')).ner,
  },
  answer: {
    summary: 'answer questions about a text',
    otherNames: ['question-answering', 'qa', 'ask', 'question'],
    load: async () => (await import('./commands/answer.ts')).answer,
  },
  fill: {
    summary: 'predict the tokens for [MASK]',
    otherNames: ['fill-mask', 'mask', 'predict'],
    load: async () => (await import('./commands/fill.ts')).fill,
  },
  'zero-shot': {
    summary: 'label texts with labels of your choice',
    otherNames: ['zero-shot-classification'],
    load: async () => (await import('./commands/zero-shot.ts')).zeroShot,
  },
  next: {
    summary: 'tell whether one text follows another',
    otherNames: ['next-sentence-prediction', 'next-sentence', 'nsp'],
    load: async () => (await import('./commands/next.ts')).next,
  },
  choose: {
    summary: 'find the likeliest of several continuations',
    otherNames: ['multiple-choice', 'choice'],
    load: async () => (await import('./commands/choose.ts')).choose,
  },
  embed: {
    summary: 'turn texts into vectors',
    otherNames: ['feature-extraction', 'embeddings', 'vectors'],
    load: async () => (await import('./commands/embed.ts')).embed,
  },
  tokens: {
    summary: 'show the tokens of texts',
    otherNames: ['tokenize', 'tokenizer', 'encode'],
    load: async () => (await import('./commands/tokens.ts')).tokens,
  },
  inspect: {
    summary: 'show what a checkpoint contains and can do',
    otherNames: ['info', 'show', 'describe'],
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  convert: {
    summary: 'convert a checkpoint to smaller weights (q8, fp16)',
    otherNames: ['quantize', 'calibrate', 'pack'],
    load: async () => (await import('./commands/convert.ts')).convert,
  },
  verify: {
    summary: 'compare a checkpoint with published outputs',
    otherNames: ['check', 'compare', 'test'],
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  cache: {
    summary: 'list, check or delete downloaded models',
    otherNames: ['scan-cache', 'delete-cache', 'clear'],
    load: async () => (await import('./commands/cache.ts')).cache,
  },
};
