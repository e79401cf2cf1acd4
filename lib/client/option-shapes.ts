import {
  DATE,
  either,
  FUNCTION,
  type MemberShapes,
  NUMBER,
  recordOf,
  SIGNAL,
  TEXT,
} from '../core/config/shape.ts';
import type { PageOptions } from './list.ts';
import type { SubmissionOptions } from './submission.ts';

const TIME = either(DATE, TEXT);

/** The shapes of the options of calls, by what they are about. */
export const CALL = { signal: SIGNAL };
export const REQUEST = { ...CALL, source: TEXT, tenant: TEXT };
export const PAGE = { ...CALL, limit: NUMBER, cursor: TEXT };
export const WATCH = { ...CALL, timeoutMilliseconds: NUMBER, onChange: FUNCTION };
export const ADD = { ...CALL, onProgress: FUNCTION };
export const GROUP = { ...CALL, tenant: TEXT };
export const GROUP_PAGE = { ...PAGE, tenant: TEXT };
export const GROUPS = { ...GROUP_PAGE, since: TIME, until: TIME };
export const RUN = { ...CALL, idempotencyKey: TEXT };
export const ROTATION = { ...CALL, graceSeconds: NUMBER };
export const ACTIVITY = { ...CALL, hours: NUMBER };
export const REPLAY = { ...CALL, from: TIME, to: TIME, endedBefore: TIME, cursor: TEXT };
export const LIST: MemberShapes<PageOptions> = {
  ...GROUPS,
  status: TEXT,
  topic: TEXT,
  code: TEXT,
  handlerVersion: TEXT,
  webhook: TEXT,
  metadata: recordOf(TEXT),
};
export const SUBMISSION: MemberShapes<SubmissionOptions> = {
  ...RUN,
  ...ADD,
  contentType: TEXT,
  contentEncoding: TEXT,
  contentLanguage: TEXT,
  id: TEXT,
  notBefore: TIME,
  expiresAt: TIME,
  minVersion: TEXT,
  orderingKey: TEXT,
  topic: TEXT,
  priority: TEXT,
  callbackUrl: TEXT,
  metadata: recordOf(TEXT),
  waitSeconds: NUMBER,
  traceparent: TEXT,
  tracestate: TEXT,
  sha256: TEXT,
};
