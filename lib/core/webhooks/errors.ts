import { CoatcheckError } from '../base/errors.ts';

/** The endpoint doesn't exist, or this caller may not see it. */
export class WebhookEndpointNotFound extends CoatcheckError {
  override readonly name = 'WebhookEndpointNotFound';
  readonly code = 'webhook_endpoint_unknown';

  constructor(id: string) {
    super(
      `The webhook endpoint ${id} doesn't exist, or this caller can't see it: it may belong to another tenant`,
    );
  }
}

/** What a caller asks for can't be done. The caller must change its call, or the endpoint first. */
export class WebhookEndpointRefused extends CoatcheckError {
  override readonly name = 'WebhookEndpointRefused';
  readonly code: EndpointRefusal;

  constructor(code: EndpointRefusal, message: string) {
    super(message);
    this.code = code;
  }
}

/** Why something can't be done with endpoints. */
export type EndpointRefusal =
  | 'webhook_endpoint_invalid'
  | 'webhook_endpoint_limit'
  | 'webhook_endpoint_disabled'
  | 'rotation_unfinished'
  | 'replay_invalid';

/** Other writers kept changing the endpoints of a tenant, so that no try could write them. */
export class WebhookEndpointsContended extends CoatcheckError {
  override readonly name = 'WebhookEndpointsContended';
  readonly code = 'webhook_endpoints_contended';

  constructor(writes: number) {
    super(`The webhook endpoints changed ${writes} times while it was being changed`);
  }
}
