/** An error as text, with its message: not every engine's `stack` holds it, and it may be empty. */
export function failure(error) {
  return { error: `${error}\n${error?.stack ?? ''}`.trim() };
}
