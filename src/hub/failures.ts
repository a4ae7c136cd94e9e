/** Failures that loading treats otherwise than as errors. */

import { FilesError } from '../errors.ts';

/** No server answered: there is no network, or no such host. */
export class UnreachableError extends FilesError {}

/** The server wants to know who asks; the hub says so of models that it does not have. */
export class UnauthorizedError extends FilesError {}

/** The server does not have the file, as far as its answer tells. */
export class AbsentError extends FilesError {
  /** What the server answered, for messages; empty for a plain 404. */
  readonly answer: string;
  /** Whether a list of the files says so: the checkpoint exists. */
  readonly isListed: boolean;

  constructor(message: string, file: string, answer: string, isListed = false) {
    super(message, file);
    this.answer = answer;
    this.isListed = isListed;
  }
}
