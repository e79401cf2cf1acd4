import { ConnectionFailed } from './errors.ts';

/** Runs a network operation. @throws ConnectionFailed for any error */
export async function connect<Value>(call: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw new ConnectionFailed(call, error);
  }
}

/** Reads a response's body as text. @throws ConnectionFailed if the body breaks off */
export function readText(response: Response, call: string): Promise<string> {
  return connect(call, () => response.text());
}

/** A signal that is aborted by another signal, or after a time. Call {@link TimeLimit.end} to clear its timer. */
export class TimeLimit {
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(milliseconds: number, signal?: AbortSignal) {
    const time = new AbortController();
    this.#timer = setTimeout(
      () => time.abort(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    this.signal = signal ? AbortSignal.any([signal, time.signal]) : time.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
