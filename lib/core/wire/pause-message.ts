import { EnvelopeMalformed } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { SQS_MAX_DELAY_SECONDS } from '../config/aws-limits.ts';
import type { Pause } from '../ports/pausing.ts';
import { readRequiredText } from './fields.ts';

/** The longest pause. A delayed message ends the pause, and this is SQS's longest delay. */
export const PAUSE_MAX_SECONDS = SQS_MAX_DELAY_SECONDS;

/** A command to pause or resume event sources. */
export type PauseMessage =
  | Resume
  | ({ readonly type: 'pause' } & Pause)
  | OperatorPauseChanged
  | OperatorPauseOver;

/** Asks to read the pause of an operator, and to enable or disable the event sources accordingly. */
export interface OperatorPauseChanged {
  readonly type: 'operator-pause';
  /** Which pause this is about, by its time; absent if it ended one. */
  readonly since?: number;
}

/** A pause of an operator has been over for as long as a change of an event source takes. */
export interface OperatorPauseOver {
  readonly type: 'operator-pause-over';
  /** When the pause began. */
  readonly since: number;
}

/** Ends a pause. */
export interface Resume {
  readonly type: 'resume';
  /** The id of the message that started the pause; absent in messages of the first version. */
  readonly pauseId?: string;
}

const ENVELOPE = 'pause message';

/** Encodes a message for the pause queue. */
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
    return 'pauseId' in value ? { type, pauseId: readRequiredText(ENVELOPE, value, 'pauseId') } : { type };
  }
  if (type === 'operator-pause') {
    return value.since === undefined ? { type } : { type, since: timeOf(value.since) };
  }
  if (type === 'operator-pause-over') return { type, since: timeOf(value.since) };
  if (type !== 'pause') {
    const types = 'pause, resume, operator-pause or operator-pause-over';
    throw new EnvelopeMalformed(ENVELOPE, `type must be ${types}, got ${type}`);
  }
  if (!(Number.isInteger(seconds) && Number(seconds) >= 1 && Number(seconds) <= PAUSE_MAX_SECONDS)) {
    throw new EnvelopeMalformed(ENVELOPE, `seconds must be from 1 to ${PAUSE_MAX_SECONDS}, got ${seconds}`);
  }
  return { type, seconds: Number(seconds), reason: readRequiredText(ENVELOPE, value, 'reason') };
}

function timeOf(since: unknown): number {
  if (Number.isSafeInteger(since)) return Number(since);
  throw new EnvelopeMalformed(ENVELOPE, `since must be in milliseconds since 1970, got ${since}`);
}
