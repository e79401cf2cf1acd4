import type { Schedule } from '../model/schedule.ts';
import type { SubmitRequest } from './submissions.ts';

/** The request that a schedule submits at each of its runs. */
export function requestOf({
  tenant,
  payload,
  contentType,
  metadata,
  topic,
  priority,
}: Schedule): SubmitRequest {
  return { tenant, payload: Buffer.from(payload, 'base64'), contentType, metadata, topic, priority };
}
