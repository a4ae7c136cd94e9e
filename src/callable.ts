/**
 * Objects that are called like functions: `await model(inputs)`, `tokenizer(text)`, as in Python and
 * transformers.js. The constructor returns a function with the class's prototype, so that methods,
 * fields and `instanceof` work as on any object; nothing is evaluated from text.
 */

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor does return a function
export abstract class Callable<Arguments extends unknown[], Result> {
  constructor() {
    const call = (...args: Arguments): Result => (call as unknown as this)._call(...args);
    // biome-ignore lint/correctness/noConstructorReturn: this is what makes instances callable
    return Object.setPrototypeOf(call, new.target.prototype);
  }

  /** What calling the object does. */
  abstract _call(...args: Arguments): Result;
}

export interface Callable<Arguments extends unknown[], Result> {
  (...args: Arguments): Result;
}
