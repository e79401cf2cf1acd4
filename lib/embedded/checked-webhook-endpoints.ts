import {
  ANYTHING,
  checkOptions,
  DATE,
  FLAG,
  listOf,
  type MemberShapes,
  required,
  TEXT,
} from '../core/config/shape.ts';
import type { NewWebhookEndpoint, WebhookEndpointChanges } from '../core/model/webhook-endpoint.ts';
import { type EndpointOwner, type RotationOptions, WebhookEndpoints } from '../core/webhooks/endpoints.ts';
import type { ReplayWindow } from '../core/webhooks/replay.ts';

const NEW_ENDPOINT: MemberShapes<NewWebhookEndpoint> = {
  url: required(TEXT),
  events: listOf(ANYTHING),
  topics: listOf(TEXT),
  description: TEXT,
};

/** The webhook endpoints of a program, whose options are checked. The API checks calls by schemas of its own. */
export class CheckedWebhookEndpoints extends WebhookEndpoints {
  override async create(endpoint: NewWebhookEndpoint, options: EndpointOwner = {}) {
    checkOptions('webhookEndpoints.create()', endpoint, NEW_ENDPOINT);
    return super.create(endpoint, checkOwner('create', options));
  }

  override async list(options: EndpointOwner = {}) {
    return super.list(checkOwner('list', options));
  }

  override async get(id: string, options: EndpointOwner = {}) {
    return super.get(id, checkOwner('get', options));
  }

  override async secret(id: string, options: EndpointOwner = {}) {
    return super.secret(id, checkOwner('secret', options));
  }

  override async update(id: string, changes: WebhookEndpointChanges, options: EndpointOwner = {}) {
    checkOptions('webhookEndpoints.update()', changes, {});
    return super.update(id, changes, checkOwner('update', options));
  }

  override async remove(id: string, options: EndpointOwner = {}) {
    return super.remove(id, checkOwner('remove', options));
  }

  override async rotate(id: string, options: RotationOptions = {}) {
    return super.rotate(id, checkOwner('rotate', options));
  }

  override async test(id: string, options: EndpointOwner = {}) {
    return super.test(id, checkOwner('test', options));
  }

  override async replay(id: string, window: ReplayWindow, options: EndpointOwner = {}) {
    checkOptions('webhookEndpoints.replay()', window, { cursor: TEXT, dryRun: FLAG, endedBefore: DATE });
    return super.replay(id, window, checkOwner('replay', options));
  }
}

/** @throws TypeError */
function checkOwner<Options extends EndpointOwner>(method: string, options: Options): Options {
  checkOptions<EndpointOwner>(`webhookEndpoints.${method}()`, options, { tenant: TEXT });
  return options;
}
