/**
 * Objects that can be called like functions: `await model(inputs)`, `tokenizer(text)`, as in Python
 * and transformers.js. The constructor returns a function that has the prototype of the class.
 * Therefore methods, fields and `instanceof` work as on any object. No code is made from text.
 */

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor does return a function
export abstract class Callable<Arguments extends unknown[], Result> {
  constructor() {
    const call = (...args: Arguments): Result => (call as unknown as this)._call(...args);
    // biome-ignore lint/correctness/noConstructorReturn: this is what makes instances callable
    return Object.setPrototypeOf(call, new.target.prototype);
  }

  /** Is called when the object is called. */
  abstract _call(...args: Arguments): Result;
}

export interface Callable<Arguments extends unknown[], Result> {
  (...args: Arguments): Result;
}
