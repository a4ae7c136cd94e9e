/** A request that is refused, as an error on its way to the client. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** The methods that the path has, where it has another one. */
  readonly allow: string | undefined;

  constructor(status: number, message: string, allow?: string) {
    super(message);
    this.status = status;
    this.allow = allow;
  }
}
