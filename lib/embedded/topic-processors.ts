import { ConfigurationError } from '../core/base/errors.ts';
import { RequestRefused } from '../core/intake/errors.ts';
import { closestPattern, topicPatternProblem } from '../core/model/topic.ts';
import {
  type Processor,
  type ProcessorExport,
  type ProcessorRequest,
  requireProcessor,
} from '../core/processor/handler.ts';
import { PayloadRequest } from '../core/processor/request.ts';

/** Processors of one service, each for the topics of a pattern. */
export class TopicProcessors {
  readonly #processors: ReadonlyMap<string, Processor>;

  /** @throws ConfigurationError for none, for what isn't a pattern, and for what isn't a processor */
  constructor(given: Readonly<Record<string, ProcessorExport>>) {
    const entries = Object.entries(given);
    if (entries.length === 0) {
      throw new ConfigurationError('processors of openService() must have at least one pattern of topics');
    }
    const problems = entries.flatMap(([pattern]) => topicPatternProblem(pattern) ?? []);
    if (problems.length > 0) {
      throw new ConfigurationError(`The patterns of processors are invalid: each ${problems.join('; ')}`);
    }
    this.#processors = new Map(
      entries.map(([pattern, exported]) => [
        pattern,
        requireProcessor(exported, `openService, for ${pattern},`),
      ]),
    );
  }

  /** Runs each request by the processor with the closest pattern. */
  get processor(): Processor {
    const secrets = [...this.#processors.values()].flatMap(({ secrets = [] }) => secrets);
    return { handler: (request) => this.#run(request), secrets: [...new Set(secrets)] };
  }

  /** @throws RequestRefused unless one of these is for it */
  assertKnown(topic: string | undefined): void {
    if (this.#closest(topic)) return;
    throw new RequestRefused(
      topic === undefined ? 'topic_required' : 'topic_unknown',
      `topic must be one that a processor is for, ${this.#patterns}, got ${topic ?? 'none'}`,
    );
  }

  async #run(request: ProcessorRequest): Promise<unknown> {
    const chosen = this.#closest(request.topic);
    // Another process may have it, and this one after its next start: the request is retried.
    if (!chosen)
      throw new Error(`No processor here takes ${request.topic ?? 'no topic'}: they take ${this.#patterns}`);
    if (chosen.input && request instanceof PayloadRequest) await request.validate(chosen.input);
    return chosen.handler(request);
  }

  #closest(topic: string | undefined): Processor | undefined {
    const pattern = closestPattern(this.#processors.keys(), topic);
    return pattern === undefined ? undefined : this.#processors.get(pattern);
  }

  get #patterns(): string {
    return [...this.#processors.keys()].join(', ');
  }
}
