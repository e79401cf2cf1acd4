import { CoatcheckError } from '../base/errors.ts';

/** What a client asked for can't be done as asked: it has to ask for something else. */
export class RequestRefused extends CoatcheckError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The idempotency key stands for another request. */
export class IdempotencyKeyReused extends CoatcheckError {
  readonly code = 'idempotency_key_reused';

  constructor(key: string) {
    super(
      `The idempotency key ${key} was used for a request with another payload, content type, metadata, expiry or callback URL`,
    );
  }
}

/** The first request with the idempotency key is just being taken. */
export class IdempotencyKeyBusy extends CoatcheckError {
  readonly code = 'idempotency_key_busy';
  readonly retryAfterSeconds: number;

  /** @param retryAfterSeconds after which it was taken or, if whoever took it is gone, may be taken again */
  constructor(key: string, retryAfterSeconds: number) {
    super(`A request with the idempotency key ${key} is being taken at this moment`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Nothing is known of the request, to this tenant at least. */
export class RequestUnknown extends CoatcheckError {
  readonly code = 'request_unknown';

  constructor(requestId: string) {
    super(
      `There is no request ${requestId}, or none that this caller can see: it may be another tenant's, be known under its ` +
        'source only (?source=), or not be kept any more',
    );
  }
}
