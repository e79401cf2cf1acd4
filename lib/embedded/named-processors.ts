import { ConfigurationError } from '../core/base/errors.ts';
import { quote } from '../core/base/quote.ts';
import { RequestRefused } from '../core/intake/errors.ts';
import {
  type Processor,
  type ProcessorExport,
  type ProcessorRequest,
  requireProcessor,
} from '../core/processor/handler.ts';
import { PayloadRequest } from '../core/processor/request.ts';

/** The metadata of a request that names its processor. */
export const PROCESSOR_METADATA = 'processor';

/** Processors of one service. A request says in its metadata which of them runs it. */
export class NamedProcessors {
  readonly #processors: ReadonlyMap<string, Processor>;

  /** @throws ConfigurationError for none, for a name that metadata can't have, and for what isn't a processor */
  constructor(given: Readonly<Record<string, ProcessorExport>>) {
    const entries = Object.entries(given);
    if (entries.length === 0)
      throw new ConfigurationError('processors of openService() must name at least one');
    for (const [name] of entries) assertName(name);
    this.#processors = new Map(
      entries.map(([name, exported]) => [name, requireProcessor(exported, `openService, for ${name},`)]),
    );
  }

  /** Runs each request by the processor that it names. */
  get processor(): Processor {
    const secrets = [...this.#processors.values()].flatMap(({ secrets = [] }) => secrets);
    return { handler: (request) => this.#run(request), secrets: [...new Set(secrets)] };
  }

  /** @throws RequestRefused unless it is one of these */
  assertKnown(name: string | undefined): void {
    if (name !== undefined && this.#processors.has(name)) return;
    const got = quote(name);
    throw new RequestRefused(
      'processor_unknown',
      `A request must name a processor: ${this.#names}, got ${got}`,
    );
  }

  async #run(request: ProcessorRequest): Promise<unknown> {
    const name = request.metadata[PROCESSOR_METADATA];
    const chosen = name === undefined ? undefined : this.#processors.get(name);
    // Another process may have it, and this one after its next start: the request is retried.
    if (!chosen) throw new Error(`There is no processor ${quote(name ?? '')} here, but ${this.#names}`);
    if (chosen.input && request instanceof PayloadRequest) await request.validate(chosen.input);
    return chosen.handler(request);
  }

  get #names(): string {
    return [...this.#processors.keys()].join(', ');
  }
}

function assertName(name: string): void {
  if (/^[\x21-\x7e]{1,64}$/.test(name)) return;
  throw new ConfigurationError(
    `A processor's name must be 1 to 64 printable ASCII characters without blanks, got ${quote(name)}`,
  );
}
