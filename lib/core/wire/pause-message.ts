import { EnvelopeMalformed } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { SQS_MAX_DELAY_SECONDS } from '../config/aws-limits.ts';
import type { Pause } from '../ports/pausing.ts';
import { requiredText } from './fields.ts';

/** The longest pause: what SQS can hold a message back for, which ends it. */
export const PAUSE_MAX_SECONDS = SQS_MAX_DELAY_SECONDS;

/** What is to be done with an event source. */
export type PauseMessage = Resume | ({ readonly type: 'pause' } & Pause);

/** The end of a pause. */
export interface Resume {
  readonly type: 'resume';
  /** Of the message that asked for the pause; absent in messages of the first version. */
  readonly pauseId?: string;
}

const ENVELOPE = 'pause message';

/** A message about a pause as its queue holds it. */
export function encodePauseMessage(message: PauseMessage): string {
  return JSON.stringify(message);
}

/**
 * Reads what {@link encodePauseMessage} wrote.
 * @throws EnvelopeMalformed, JsonInvalid
 */
export function decodePauseMessage(text: string): PauseMessage {
  const value = parseJson(text, 'The message', 2);
  if (!isObject(value)) throw new EnvelopeMalformed(ENVELOPE, 'it must be an object');
  const { type, seconds } = value;
  if (type === 'resume') {
    return 'pauseId' in value ? { type, pauseId: requiredText(ENVELOPE, value, 'pauseId') } : { type };
  }
  if (type !== 'pause') throw new EnvelopeMalformed(ENVELOPE, `type must be pause or resume, got ${type}`);
  if (!(Number.isInteger(seconds) && Number(seconds) >= 1 && Number(seconds) <= PAUSE_MAX_SECONDS)) {
    throw new EnvelopeMalformed(ENVELOPE, `seconds must be from 1 to ${PAUSE_MAX_SECONDS}, got ${seconds}`);
  }
  return { type, seconds: Number(seconds), reason: requiredText(ENVELOPE, value, 'reason') };
}
