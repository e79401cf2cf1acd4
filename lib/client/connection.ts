import { ConnectionFailed } from './errors.ts';

/** @throws ConnectionFailed of whatever the network does */
export async function connected<Value>(call: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw new ConnectionFailed(call, error);
  }
}

/** @throws ConnectionFailed when the body breaks off */
export function textOf(response: Response, call: string): Promise<string> {
  return connected(call, () => response.text());
}

/** A signal that fires when another does, or when a time is over. It must be told when neither matters any more. */
export class TimeLimit {
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(milliseconds: number, signal?: AbortSignal) {
    const time = new AbortController();
    this.#timer = setTimeout(
      () => time.abort(new Error(`there was no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    this.signal = signal ? AbortSignal.any([signal, time.signal]) : time.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
