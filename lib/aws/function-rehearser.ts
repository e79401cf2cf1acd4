import { ConfigurationError } from '../core/base/errors.ts';
import { isObject } from '../core/base/json-object.ts';
import type { MessageRehearsal, RehearsedMessage } from '../core/model/rehearsal.ts';
import type { RehearsalEvent, RehearsalResponse } from '../core/model/rehearsal-event.ts';
import { RehearsalDied, type Rehearser } from '../core/ports/rehearser.ts';
import type { InvokedFunction } from './invoked-function.ts';

/** How the function of a processor answers an event that it doesn't know. */
const UNKNOWN_EVENT = 'Expected an event of an SQS event source';

/** Rehearses on the function of a deployed processor. */
export class FunctionRehearser implements Rehearser {
  readonly #processor: InvokedFunction;

  constructor(processor: InvokedFunction) {
    this.#processor = processor;
  }

  /** @throws ConfigurationError if the function knows no rehearsals */
  async rehearse(
    messages: readonly RehearsedMessage[],
    signal: AbortSignal,
  ): Promise<readonly MessageRehearsal[]> {
    const event: RehearsalEvent = { coatcheck: 'rehearse', messages };
    const { answer, failed } = await this.#processor.invoke(event, signal);
    if (failed) throw problemOf(answer);
    if (isResponse(answer)) return answer.messages;
    throw new ConfigurationError(`The function ${this.#processor.name} doesn't answer as a processor does`);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function problemOf(answer: unknown): Error {
  const { errorType = 'function_failed', errorMessage = '' } = isObject(answer) ? answer : {};
  if (String(errorMessage).startsWith(UNKNOWN_EVENT)) {
    return new ConfigurationError(
      'The processor was deployed by an older version, which knows no rehearsals. Deploy it again',
    );
  }
  return new RehearsalDied(String(errorMessage), String(errorType));
}

function isResponse(answer: unknown): answer is RehearsalResponse {
  return isObject(answer) && Array.isArray(answer.messages);
}
