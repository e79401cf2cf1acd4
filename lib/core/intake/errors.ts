import { CoatcheckError } from '../base/errors.ts';

/** The service can't do what the client asked for. The client has to change its request. */
export class RequestRefused extends CoatcheckError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The idempotency key was used for another request. */
export class IdempotencyKeyReused extends CoatcheckError {
  readonly code = 'idempotency_key_reused';

  constructor(key: string) {
    super(
      `The idempotency key ${key} was used for a request with another payload, content type, metadata, expiry or callback URL`,
    );
  }
}

/** The first request with the idempotency key is being accepted right now. */
export class IdempotencyKeyBusy extends CoatcheckError {
  readonly code = 'idempotency_key_busy';
  readonly retryAfterSeconds: number;

  /** @param retryAfterSeconds when to try again: by then the request is accepted, or can be accepted */
  constructor(key: string, retryAfterSeconds: number) {
    super(`A request with the idempotency key ${key} is being taken at this moment`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The request doesn't exist, or this caller may not see it. */
export class RequestUnknown extends CoatcheckError {
  readonly code = 'request_unknown';

  constructor(requestId: string) {
    super(
      `There is no request ${requestId}, or none that this caller can see: it may be another tenant's, be known under its ` +
        'source only (?source=), or not be kept any more',
    );
  }
}
