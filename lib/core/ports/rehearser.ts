import { CoatcheckError } from '../base/errors.ts';
import type { MessageRehearsal, RehearsedMessage } from '../model/rehearsal.ts';

/** Rehearses messages where the processor runs. */
export interface Rehearser extends AsyncDisposable {
  /**
   * @returns in the order of the messages
   * @throws RehearsalDied if the process ended while it ran these messages
   */
  rehearse(messages: readonly RehearsedMessage[], signal: AbortSignal): Promise<readonly MessageRehearsal[]>;
}

/** The process that ran a rehearsal ended: one of its messages may have caused that. */
export class RehearsalDied extends CoatcheckError {
  override readonly name = 'RehearsalDied';
  readonly code: string;

  /** @param code what names this kind of end */
  constructor(message: string, code = 'process_died') {
    super(message);
    this.code = code;
  }
}
