import * as z from 'zod';
import { quote } from '../core/base/quote.ts';
import { WEBHOOK_EVENTS } from '../core/config/settings.ts';
import { CALLBACK_URL_MAX_LENGTH } from '../core/model/callback-url.ts';
import {
  ENDPOINT_DESCRIPTION_MAX_LENGTH,
  ENDPOINT_MAX_TOPICS,
  ENDPOINT_STATUSES,
} from '../core/model/webhook-endpoint.ts';
import { MAX_GRACE_SECONDS } from '../core/webhooks/endpoints.ts';
import { ownMembers } from './known-names.ts';
import { Time } from './schemas.ts';

/** Most characters of the id of an endpoint. */
const ID_MAX_LENGTH = 100;

/** Most characters of a cursor. */
const CURSOR_MAX_LENGTH = 255;

const Url = z.string().meta({
  description: 'Where to POST the events, by the rules of callback URLs: https only.',
  maxLength: CALLBACK_URL_MAX_LENGTH,
  example: 'https://example.com/hooks/coatcheck',
});

const Event = z
  .enum(WEBHOOK_EVENTS, { error: ({ input }) => unknown(WEBHOOK_EVENTS, input) })
  .meta({ id: 'WebhookEvent' });

const Events = z.array(Event).meta({
  description: 'The events that it gets. By default, those that the service sends.',
  minItems: 1,
});

const Topics = z.array(z.string()).meta({
  description:
    'Patterns of the topics whose requests it gets, such as `images.*`; those of all requests by default.',
  minItems: 1,
  maxItems: ENDPOINT_MAX_TOPICS,
  example: ['images.*'],
});

const Description = z
  .string()
  .meta({ description: 'For people.', maxLength: ENDPOINT_DESCRIPTION_MAX_LENGTH });

const EndpointStatus = z
  .enum(ENDPOINT_STATUSES, { error: ({ input }) => unknown(ENDPOINT_STATUSES, input) })
  .meta({ description: 'Nothing is sent to a disabled endpoint.' });

export const WebhookEndpoint = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(Event),
    topics: z.array(z.string()).optional(),
    description: z.string().optional(),
    status: EndpointStatus,
    failingSince: Time.optional().meta({
      description: 'When deliveries began to fail: the first failure since the last success.',
    }),
    lastError: z.string().optional().meta({ description: 'Why it began to fail or was disabled.' }),
    createdAt: Time,
    previousSecretUntil: Time.optional().meta({
      description: 'Until when deliveries are also signed with the previous secret.',
    }),
  })
  .meta({ id: 'WebhookEndpoint' });

const Secret = z.string().meta({
  description: 'Verifies the webhooks of this endpoint. It has the form of Standard Webhooks.',
  example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwjMC9pQ1o2xs=',
});

export const WebhookEndpointWithSecret = z
  .object({ ...WebhookEndpoint.shape, secret: Secret })
  .meta({ id: 'WebhookEndpointWithSecret' });

export const WebhookEndpointSecret = z.object({ secret: Secret }).meta({ id: 'WebhookEndpointSecret' });

export const WebhookEndpointList = z
  .object({ endpoints: z.array(WebhookEndpoint) })
  .meta({ id: 'WebhookEndpointList' });

export const NewWebhookEndpointBody = ownMembers({
  url: Url,
  events: Events.optional(),
  topics: Topics.optional(),
  description: Description.optional(),
}).meta({ id: 'WebhookEndpointInput' });

export const WebhookEndpointChangesBody = ownMembers({
  url: Url.optional(),
  events: Events.nullable().optional(),
  topics: Topics.nullable().optional(),
  description: Description.nullable().optional(),
  status: EndpointStatus.optional(),
}).meta({
  id: 'WebhookEndpointChanges',
  description:
    'Absent members stay as they are; null removes one. `enabled` also clears `failingSince` and `lastError`.',
});

export const RotationBody = ownMembers({
  graceSeconds: z.number().optional().meta({
    description: 'How long deliveries are also signed with the old secret; a day by default.',
    minimum: 0,
    maximum: MAX_GRACE_SECONDS,
  }),
}).meta({ id: 'SecretRotation' });

const WindowTime = z.string().meta({ format: 'date-time', example: '2026-11-20T08:30:00Z' });

export const ReplayBody = ownMembers({
  from: WindowTime.meta({
    description: 'Send the outcomes of requests that were submitted at this time or later.',
  }),
  to: WindowTime.optional().meta({ description: 'Only before this time. By default, there is no limit.' }),
  endedBefore: WindowTime.optional().meta({
    description:
      'Only the outcomes of requests that ended before this time: a dry run and a replay with the same time find the same ones.',
  }),
  dryRun: z.boolean().optional().meta({ description: 'Count the outcomes, and send none.' }),
  cursor: z
    .string()
    .max(CURSOR_MAX_LENGTH)
    .optional()
    .meta({ description: '`next` of the previous call with the same window.' }),
}).meta({ id: 'WebhookReplay' });

export const Replayed = z
  .object({
    examined: z.int().meta({ description: 'Requests that were looked at.' }),
    sent: z
      .int()
      .meta({ description: 'Outcomes that are queued for the endpoint, or would be without `dryRun`.' }),
    next: z
      .string()
      .optional()
      .meta({ description: 'The `cursor` of the next call; absent when the window is done.' }),
  })
  .meta({ id: 'WebhooksReplayed' });

export const SentTest = z
  .object({ webhookId: z.string().meta({ description: 'The `webhook-id` of the test.' }) })
  .meta({ id: 'WebhookTest' });

export const EndpointId = z.object({
  id: z
    .string()
    .min(1)
    .max(ID_MAX_LENGTH)
    .meta({ param: { name: 'id', in: 'path' }, description: 'The id of the endpoint.' }),
});

function unknown(known: readonly string[], input: unknown): string {
  return `must be one of ${known.join(', ')}, got ${quote(input)}`;
}
