/**
 * A value in an error message: short, and safe for any value. Strings are quoted. Of lists and
 * objects only the kind is named, because printing one that nests deeply overflows the stack.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
