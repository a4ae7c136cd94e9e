/**
 * Errors that a caller may want to catch by class; all others are TypeErrors, RangeErrors and
 * SyntaxErrors. Messages read "Cannot <action>: <what was found>, expected <what was wanted>".
 */

/** A model configuration that cannot be used: a field of the wrong type, range or combination. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Weights that cannot be used: a broken file, or a tensor of the wrong shape. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError';
}

/** An input of a model call that cannot be used: its shape, an id or a length is out of range. */
export class InputError extends RangeError {
  override readonly name = 'InputError';
}

/** A thread of a model's team has stopped; calls that follow run on one thread. */
export class TeamError extends Error {
  override readonly name = 'TeamError';
}

/** Text or tokenizer files that cannot be used. */
export class TokenizerError extends Error {
  override readonly name = 'TokenizerError';
}

/** A file of a checkpoint that cannot be opened, fetched or read. */
export class FilesError extends Error {
  override readonly name = 'FilesError';
  /** Path, URL or name of the file, as in the message. */
  readonly file: string;

  constructor(message: string, file: string, options?: ErrorOptions) {
    super(message, options);
    this.file = file;
  }
}
