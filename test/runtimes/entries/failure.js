/** An error as text. The message comes first: `stack` may be empty or lack it in some engines. */
export function failure(error) {
  return { error: `${error}\n${error?.stack ?? ''}`.trim() };
}
