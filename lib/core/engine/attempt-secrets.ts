import { ConfigurationError, SecretUnavailable } from '../base/errors.ts';
import type { SecretSource, SecretValues } from '../ports/secrets.ts';
import type { Processor } from '../processor/handler.ts';
import { Redactor } from '../processor/redactor.ts';

/** The secrets of one attempt: what its handler gets, and what is removed from its logs, errors and notes. */
export class AttemptSecrets {
  static readonly #none = new AttemptSecrets({});

  readonly values: SecretValues;
  readonly redactor: Redactor;
  readonly #source: SecretSource | undefined;

  private constructor(values: SecretValues, source?: SecretSource) {
    this.values = values;
    this.redactor = new Redactor(values);
    this.#source = source;
  }

  /** @throws SecretUnavailable */
  static async read(
    { secrets: names = [] }: Processor,
    source: SecretSource | undefined,
  ): Promise<AttemptSecrets> {
    const [first] = names;
    if (first === undefined) return AttemptSecrets.#none;
    if (!source) throw new SecretUnavailable(first, new ConfigurationError('this host has no secrets'));
    return new AttemptSecrets(await source.read(), source);
  }

  /** Prepares what the handler threw for logs, records and outcomes. */
  failed(thrown: unknown): unknown {
    this.#source?.doubt();
    return this.redactor.error(thrown);
  }
}
