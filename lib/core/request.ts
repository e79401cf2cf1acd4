import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InputInvalid } from './errors.ts';
import type { ProcessorRequest } from './handler.ts';
import { parseJson } from './json.ts';
import type { Payload } from './payload.ts';
import type { Logger } from './ports.ts';

/** What an attempt knows of its request besides the payload. */
export interface AttemptContext {
  readonly id: string;
  readonly tenant: string | undefined;
  readonly attempt: number;
  readonly deadline: Date;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly maxJsonDepth: number;
}

/** The request a handler is given. */
export class PayloadRequest implements ProcessorRequest {
  readonly #payload: Payload;
  readonly #context: AttemptContext;
  #logger: Logger | undefined;
  #json: Promise<unknown> | undefined;

  constructor(payload: Payload, context: AttemptContext) {
    this.#payload = payload;
    this.#context = context;
  }

  get id() {
    return this.#context.id;
  }
  get tenant() {
    return this.#context.tenant;
  }
  get attempt() {
    return this.#context.attempt;
  }
  get deadline() {
    return this.#context.deadline;
  }
  get signal() {
    return this.#context.signal;
  }
  get contentType() {
    return this.#payload.contentType;
  }
  get size() {
    return this.#payload.size;
  }
  get metadata() {
    return this.#payload.metadata;
  }

  /** Made when first used: most handlers of small messages never log. */
  get logger() {
    this.#logger ??= this.#context.logger.child({ requestId: this.id, attempt: this.attempt });
    return this.#logger;
  }

  json(): Promise<unknown> {
    this.#json ??= unhurried(
      this.text().then((text) => parseJson(text, 'The payload', this.#context.maxJsonDepth)),
    );
    return this.#json;
  }

  text(): Promise<string> {
    return unhurried(this.bytes().then((bytes) => new TextDecoder().decode(bytes)));
  }

  bytes(): Promise<Uint8Array> {
    return unhurried(this.#payload.bytes());
  }

  stream(): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#payload.stream());
  }

  progress(fraction: number, note?: string): void {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new RangeError(`progress() takes a fraction from 0 to 1, got ${fraction}`);
    }
    this.logger.info('Progress', { fraction, note });
  }

  /**
   * Checks the payload against a schema; from then on {@link json} gives what the schema returned.
   * @throws InputInvalid with the list of issues
   */
  async validate(schema: StandardSchemaV1): Promise<void> {
    const result = await schema['~standard'].validate(await this.json());
    if (result.issues) throw new InputInvalid(result.issues.map(describeIssue));
    this.#json = Promise.resolve(result.value);
  }
}

/** A handler may look at the promise late or never; a rejection unseen until then must not end the process. */
function unhurried<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

function describeIssue({ message, path }: StandardSchemaV1.Issue) {
  const keys = path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return { message, path: keys?.join('.') };
}
