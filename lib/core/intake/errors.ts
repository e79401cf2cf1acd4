import { CoatcheckError } from '../base/errors.ts';

/** The service can't do what the client asks for. The client must change its call. */
export class RequestRefused extends CoatcheckError {
  override readonly name = 'RequestRefused';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The idempotency key was used for another request. */
export class IdempotencyKeyTaken extends CoatcheckError {
  override readonly name = 'IdempotencyKeyTaken';
  readonly code = 'idempotency_key_reused';

  /** @param other what can differ */
  constructor(
    key: string,
    other = 'request with another payload, content type or metadata, or with other options, such as topic, priority, time, expiry or callback URL',
  ) {
    super(`The idempotency key ${key} was used for a ${other}`);
  }
}

/** The first request with the idempotency key is being accepted right now. */
export class IdempotencyKeyBusy extends CoatcheckError {
  override readonly name = 'IdempotencyKeyBusy';
  readonly code = 'idempotency_key_busy';
  readonly retryAfterSeconds: number;

  /** @param retryAfterSeconds when to try again: by then the request is accepted, or can be accepted */
  constructor(key: string, retryAfterSeconds: number) {
    super(`A request with the idempotency key ${key} is being accepted right now`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The id is that of another request. */
export class RequestIdTaken extends CoatcheckError {
  override readonly name = 'RequestIdTaken';
  readonly code = 'request_id_reused';

  constructor(requestId: string) {
    super(
      `The id ${requestId} is that of a request with another payload, content type, metadata or options, or of one that wasn't ` +
        'submitted with an id in a call of the API: submit this request with another id',
    );
  }
}

/** The first request with the id is being accepted right now. */
export class RequestIdBusy extends CoatcheckError {
  override readonly name = 'RequestIdBusy';
  readonly code = 'request_id_busy';
  readonly retryAfterSeconds: number;

  /** @param retryAfterSeconds when to try again: by then the request is accepted, or can be accepted */
  constructor(requestId: string, retryAfterSeconds: number) {
    super(`The request ${requestId} is being accepted right now`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The request doesn't exist, or this caller may not see it. */
export class RequestNotFound extends CoatcheckError {
  override readonly name = 'RequestNotFound';
  readonly code = 'request_unknown';

  constructor(requestId: string) {
    super(
      `The request ${requestId} doesn't exist, or this caller can't see it: it may belong to another tenant, need its ` +
        'source (?source=), or no longer be kept',
    );
  }
}

/** The batch doesn't exist, or this caller may not see it. */
export class BatchNotFound extends CoatcheckError {
  override readonly name = 'BatchNotFound';
  readonly code = 'batch_unknown';

  constructor(batchId: string) {
    super(
      `The batch ${batchId} doesn't exist, or this caller can't see it: it may belong to another tenant, or no longer be kept`,
    );
  }
}
