import * as z from 'zod';
import { MEDIA_TYPE } from '../core/base/media-type.ts';
import { quote } from '../core/base/quote.ts';
import { RFC_3339 } from '../core/base/time.ts';
import { ORDERED_VERSION } from '../core/config/min-version.ts';
import { METADATA_PREFIX } from '../core/config/record-metadata.ts';
import { MAX_HISTORY_ATTEMPTS } from '../core/model/attempt-history.ts';
import { CHOSEN_ID, REQUEST_ID_MAX_LENGTH } from '../core/model/chosen-id.ts';
import { METADATA_HEADER } from '../core/model/metadata-header.ts';
import { METADATA_NAME, refuseProto } from '../core/model/metadata-name.ts';
import { MAX_DAYS_AHEAD } from '../core/model/not-before.ts';
import { ORDERING_KEY } from '../core/model/ordering-key.ts';
import { PRIORITIES } from '../core/model/priority.ts';
import { SOURCE_MAX_LENGTH } from '../core/model/request-id.ts';
import { REQUEST_STATUSES } from '../core/model/request-record.ts';
import { TOPIC, TOPIC_MAX_LENGTH } from '../core/model/topic.ts';
import { WEBHOOK_STATUSES } from '../core/model/webhook-state.ts';
import { ownHeaders, ownMembers, ownQuery } from './known-names.ts';
import { CONTENT_LANGUAGE, METADATA_HEADER_PREFIX, METADATA_VALUE } from './request-fields.ts';

/** Most requests on a page, and the default. */
export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;

/** Most characters of a time or another short field. */
export const SHORT = 255;

/** Longest id in a path: 3 bytes of UTF-8 a character, 4 characters of base64 for 3 bytes, and the `~`. */
const MAX_ID_SEGMENT = 4 * REQUEST_ID_MAX_LENGTH + 1;

/** An example of an expiry. It must be in the future when a reader tries it. */
export const FAR_TIME = '2100-01-01T00:00:00Z';

/** An example of a start that every service takes. */
export const PAST_TIME = '2026-01-31T12:00:00Z';

export const Time = z.iso.datetime({ precision: 3 }).meta({ example: '2026-11-20T08:30:00.000Z' });

/** @param description of what happens in the range */
function timeRange(description: string) {
  return z.object({ from: Time, to: Time }).optional().meta({ description });
}

export const Problem = z
  .looseObject({
    type: z.string().meta({ example: 'urn:coatcheck:problem:payload_too_large' }),
    title: z.string(),
    status: z
      .int()
      .optional()
      .meta({ description: 'The HTTP status; absent in the problem of a failed request.' }),
    detail: z.string(),
    code: z.string().meta({ description: 'A stable code for programs.', example: 'payload_too_large' }),
  })
  .meta({ id: 'Problem', description: 'An RFC 9457 problem. Some codes add members of their own.' });

/** The id of a group of failures. */
export const FailureGroupId = z.string().meta({ example: '80d813265c2121ca' });

export const Status = z
  .enum(REQUEST_STATUSES)
  .meta({ id: 'Status', description: 'The state of the request. The last four are terminal.' });

const WebhookStatus = z.enum(WEBHOOK_STATUSES).meta({
  id: 'WebhookStatus',
  description:
    '`pending`: not attempted yet. `delivered`: the receiver accepted it. `failing`: not yet. `disabled`: the receiver answered 410. ' +
    '`dead_lettered`: it is in the webhooks’ dead-letter queue, or was deleted from there.',
});

const Attempt = z
  .object({
    number: z.int().meta({ description: 'From 1. `request.attempt` of the handler.' }),
    startedAt: Time,
    endedAt: Time.optional().meta({
      description: 'Absent while it runs, and if it never reported its end: crash, out of memory or timeout.',
    }),
    handlerVersion: z.string().optional().meta({ description: 'The version of its code, if it has one.' }),
    error: z
      .object({
        code: z.string().meta({ description: 'The code of the error, or its name.' }),
        message: z.string(),
      })
      .optional()
      .meta({ description: 'Why it failed, in short.' }),
    uncounted: z
      .literal(true)
      .optional()
      .meta({ description: 'It doesn’t count, because the request didn’t cause its failure.' }),
    redrive: z.int().optional().meta({
      description: 'Of the first attempt after a redrive: the number of the redrive, from 1.',
    }),
    traceparent: z.string().optional().meta({
      description: 'W3C trace context of the attempt, if it has a trace apart from that of its request.',
    }),
  })
  .meta({ id: 'Attempt' });

export const Request = z
  .object({
    id: z.string().meta({ description: 'The ticket.', example: '019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42' }),
    tenant: z
      .string()
      .optional()
      .meta({ description: 'Its tenant, if it has one. Only in lists for operators.' }),
    source: z.string().optional().meta({
      description:
        'The `source` of the CloudEvent the request came in; absent for requests from this API or S3.',
    }),
    status: Status,
    createdAt: Time,
    updatedAt: Time,
    endedAt: Time.optional(),
    notBefore: Time.optional().meta({ description: 'The request doesn’t start before this time.' }),
    expiresAt: Time.optional().meta({ description: 'The request doesn’t start after this time.' }),
    minVersion: z
      .string()
      .optional()
      .meta({ description: 'The oldest version of the handler that may run it.' }),
    topic: z.string().optional().meta({ description: 'What it is about.' }),
    priority: z.enum(PRIORITIES).optional().meta({ description: 'Its priority; `normal` if absent.' }),
    metadata: z
      .record(z.string(), z.string())
      .optional()
      .meta({
        description: 'The metadata that its record keeps: of the keys that the service declares.',
        example: { customer: 'acme' },
      }),
    traceparent: z.string().optional().meta({ description: 'W3C trace context of the request, if known.' }),
    retryOf: z.string().optional().meta({ description: 'The failed request that it retries.' }),
    attempts: z.int().meta({ description: 'Attempts started.' }),
    attemptHistory: z
      .array(Attempt)
      .optional()
      .meta({
        description: `The latest attempts that ran, in order, at most ${MAX_HISTORY_ATTEMPTS}. Absent in lists, and if none is known.`,
      }),
    handlerVersion: z.string().optional().meta({
      description: 'The version of the code that took the latest attempt, if it has one.',
      example: '42',
    }),
    progress: z
      .object({ fraction: z.number().meta({ description: 'From 0 to 1.' }), note: z.string().optional() })
      .optional(),
    checkpoints: z
      .int()
      .optional()
      .meta({ description: 'Checkpoints that the handler saved; absent if there are none.' }),
    lastError: z
      .object({
        name: z.string(),
        message: z.string(),
        code: z.string().optional(),
        frame: z.string().optional().meta({
          description: 'Where it was thrown: a function and its file.',
          example: 'chargeCard (charge.ts)',
        }),
      })
      .optional()
      .meta({ description: 'The error of the latest failed attempt.' }),
    why: z.string().optional().meta({
      description: 'For people: what the request waits for, in one sentence. Absent once it has ended.',
      example: 'behind 412 requests of your tenant',
    }),
    isPaused: z.literal(true).optional().meta({
      description: 'It waits because processing is paused, or that of requests which share its key.',
    }),
    startsAbout: timeRange(
      'When its next attempt starts, for nine of ten requests. Absent if too little is known, while it runs, once it has expired, and in lists.',
    ),
    endsAbout: timeRange(
      'When its current or next attempt ends, for nine of ten requests. Absent if too little is known, and in lists.',
    ),
    result: z
      .object({ size: z.int().meta({ description: 'Bytes.' }), contentType: z.string() })
      .optional()
      .meta({ description: 'The result, if the request succeeded.' }),
    // Present for every other end. A description here would replace that of the schema.
    problem: Problem.optional(),
    failureGroup: FailureGroupId.optional().meta({
      description: 'The group of its failure, if the request failed.',
    }),
    webhook: z
      .object({
        status: WebhookStatus,
        at: Time.meta({
          description: 'Time of the last attempt; while pending, the time the request ended.',
        }),
        attempts: z.int().meta({ description: 'Attempts made.' }),
        reason: z.string().optional().meta({ description: 'Why the last one failed.' }),
        nextAttemptAt: Time.optional(),
      })
      .optional()
      .meta({ description: 'The state of the request’s webhook, if it has one.' }),
    links: z
      .object({ self: z.string(), result: z.string(), cancel: z.string() })
      .meta({ description: 'Paths below the API’s base URL.' }),
  })
  .meta({ id: 'Request' });

export const ORDERING = {
  description:
    'Requests with the same key run one after another, in a service that keeps order. Without a key, all of the tenant do.',
  pattern: ORDERING_KEY.source,
};

export const TOPIC_FIELD = {
  description: 'The topic of the request, by which processors and consumers select it.',
  pattern: TOPIC.source,
  maxLength: TOPIC_MAX_LENGTH,
  example: 'images.thumbnail',
};

const CHOSEN_ID_FIELD = {
  description:
    'The ticket that the request gets. While the request is kept, the same payload with the same id is the same request, and ' +
    'another payload is refused. Choose an id that can’t be guessed, such as a UUID. Not beside an idempotency key.',
  pattern: CHOSEN_ID.source,
  example: '019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42',
};

/** A text, so that the problem of another value has the form of those of the other fields. */
export const PRIORITY_FIELD = {
  description: 'The priority of the request: high, normal or low. `normal` by default.',
  enum: [...PRIORITIES],
};

export const NOT_BEFORE =
  `The request isn’t started before this time, up to ${MAX_DAYS_AHEAD} days ahead; it is \`scheduled\` until then. ` +
  'A time that has passed means at once.';

export const MIN_VERSION = {
  description:
    'The oldest version of the handler that may run the request. Until it is released, the request waits for up to an hour.',
  pattern: ORDERED_VERSION.source,
  example: '42',
};

const METADATA_FORM = {
  propertyNames: { pattern: METADATA_NAME.source },
  additionalProperties: { type: 'string', pattern: METADATA_VALUE.source },
} as const;

/** Values by names of metadata. */
export const MetadataValues = z.preprocess(refuseProto, z.record(z.string(), z.string()));

export const Metadata = MetadataValues.meta({
  description:
    'Metadata for the handler. Names: lower-case letters, digits and - . _; values: printable ASCII.',
  ...METADATA_FORM,
});

/** A payload in a JSON body. */
export const PAYLOAD_FORMS = {
  json: z.unknown().optional().meta({ description: 'The payload, as a JSON value.' }),
  // Messages of their own: those of others quote what came, and errors don't quote payloads.
  text: z.string({ error: 'must be text' }).optional().meta({ description: 'The payload, as text.' }),
  base64: z.base64({ error: 'must be base64' }).optional().meta({
    description: 'The payload, as the base64 of its bytes.',
    // No tool knows the format of z.base64().
    pattern: '^(?:[0-9a-zA-Z+/]{4})*(?:[0-9a-zA-Z+/]{2}==|[0-9a-zA-Z+/]{3}=)?$',
  }),
  contentType: z.string().max(SHORT).optional().meta({
    description: 'Media type of the payload. By default, that of its form.',
    pattern: MEDIA_TYPE.source,
  }),
};

/** Most requests of a batch. */
export const MAX_BATCH = 100;

/** A request among several of a call. */
export const ITEM_FIELDS = {
  ...PAYLOAD_FORMS,
  contentEncoding: z.string().max(SHORT).optional(),
  contentLanguage: z.string().max(SHORT).optional().meta({ pattern: CONTENT_LANGUAGE.source }),
  metadata: Metadata.optional(),
  notBefore: z.string().max(SHORT).optional().meta({ format: 'date-time', example: PAST_TIME }),
  expiresAt: z.string().max(SHORT).optional().meta({ format: 'date-time', example: FAR_TIME }),
  minVersion: z.string().max(SHORT).optional().meta(MIN_VERSION),
  orderingKey: z.string().max(SHORT).optional().meta(ORDERING),
  topic: z.string().max(SHORT).optional().meta(TOPIC_FIELD),
  priority: z.string().max(SHORT).optional().meta(PRIORITY_FIELD),
};

// Each is checked by itself, so that a mistake in one of them concerns only that one.
export const BatchItem = ownMembers({
  ...ITEM_FIELDS,
  callbackUrl: z.string().optional(),
  id: z.string().optional().meta(CHOSEN_ID_FIELD),
  idempotencyKey: z.string().optional().meta({
    description: 'For a day, the same payload with the same key is the same request. Up to 255 characters.',
  }),
}).meta({ description: 'A request: one of `json`, `text` and `base64` is its payload.' });

export const BatchSubmission = ownMembers({
  requests: z
    .array(z.unknown())
    .min(1)
    .max(MAX_BATCH)
    .meta({
      description: `1 to ${MAX_BATCH} requests.`,
      items: { $ref: '#/components/schemas/BatchItem' },
    }),
}).meta({ id: 'BatchSubmission' });

export const BatchResults = z
  .object({
    results: z
      .array(
        z.object({
          status: z.int().meta({ description: '202 if it is queued, else the status of its problem.' }),
          request: Request.optional(),
          // Present if it isn't queued. A description here would replace that of the schema.
          problem: Problem.optional(),
        }),
      )
      .meta({ description: 'One for each request, in the same order.' }),
  })
  .meta({ id: 'BatchResults' });

export const RequestPage = z
  .object({
    requests: z.array(Request),
    next: z
      .string()
      .optional()
      .meta({ description: 'The `cursor` of the next page; absent on the last page.' }),
  })
  .meta({ id: 'RequestPage' });

export const Ticket = z.object({
  id: z
    .string()
    .min(1)
    .max(MAX_ID_SEGMENT)
    .meta({
      param: { name: 'id', in: 'path' },
      description:
        'The id of the request. An id with characters other than letters, digits and `-._` is written as `~` and the ' +
        'base64url of its UTF-8, as in the links of the request.',
    }),
});

export const Source = ownQuery({
  source: z
    .string()
    .max(SOURCE_MAX_LENGTH)
    .default('')
    .meta({
      param: { name: 'source', in: 'query' },
      description: 'The `source` of the request, see Request.',
    }),
});

export const TenantSegment = z.object({
  tenant: z
    .string()
    .min(1)
    .max(MAX_ID_SEGMENT)
    .meta({
      param: { name: 'tenant', in: 'path' },
      description:
        'The tenant. One with characters other than letters, digits and `-._` is written as `~` and the base64url of its UTF-8.',
    }),
});

export const TenantTicket = z.object({ ...TenantSegment.shape, ...Ticket.shape });

/** The query of calls that take no parameters. */
export const NoQuery = ownQuery({});

/** The headers of calls that take none of this API's own. */
export const NoHeaders = ownHeaders({});

/** Which page of a list. */
export const PAGE_FIELDS = {
  cursor: z
    .string()
    .max(SHORT)
    .optional()
    .meta({ param: { name: 'cursor', in: 'query' }, description: '`next` of the previous page.' }),
  limit: queryNumber(1, MAX_PAGE)
    .default(DEFAULT_PAGE)
    .meta({ param: { name: 'limit', in: 'query' } }),
};

/** A whole number in a query, in decimal digits: JavaScript reads `1e1`, `0x10` and an empty text as numbers, too. */
export function queryNumber(min: number, max: number) {
  const error = ({ input }: { readonly input?: unknown }) =>
    `must be a whole number from ${min} to ${max}, got ${quote(input)}`;
  return z.preprocess(
    (text) => (typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : text),
    z.number({ error }).int({ error }).min(min, { error }).max(max, { error }),
  );
}

/** A time in a query. */
export function timeParameter(name: string, description: string) {
  return z
    .string()
    .max(SHORT)
    .optional()
    .meta({ param: { name, in: 'query' }, description, format: 'date-time', example: PAST_TIME });
}

/** A text in a query. */
function textParameter(name: string, description: string) {
  return z
    .string()
    .min(1)
    .max(REQUEST_ID_MAX_LENGTH)
    .optional()
    .meta({ param: { name, in: 'query' }, description });
}

/** The tenant that an operator asks for. */
export const TENANT_FIELD = textParameter(
  'tenant',
  'Only requests of this tenant. Only operators may name another one than theirs.',
);

export const ListQuery = ownQuery(
  {
    status: Status.optional(),
    topic: textParameter('topic', 'Only requests with this topic.'),
    code: textParameter(
      'code',
      'Only requests that ended with this code: that of their problem or, if they used up their attempts, of the last error.',
    ),
    handlerVersion: textParameter(
      'handlerVersion',
      'Only requests whose latest attempt was taken by this version of the code.',
    ),
    webhook: WebhookStatus.optional().meta({
      param: { name: 'webhook', in: 'query' },
      description: 'Only requests whose own webhook has this status.',
    }),
    since: timeParameter('since', 'Only requests that were created at this time or later.'),
    until: timeParameter('until', 'Only requests that were created before this time.'),
    ...PAGE_FIELDS,
  },
  [METADATA_PREFIX],
);

const PreferWait = z.string().optional().meta({
  description: '`wait=N`: wait up to N seconds, at most 20, for the request to end before answering.',
});

export const StatusHeaders = ownHeaders({
  prefer: PreferWait,
  'if-none-match': z
    .string()
    .optional()
    .meta({ description: 'An ETag. The answer is 304 while nothing has changed.' }),
});

/** An idempotency key. Quoted, or bare: then it has no spaces at its ends, and isn't just two quotes. */
export const IDEMPOTENCY_KEY_PATTERN =
  '^(?:"[ -~]{1,255}"|"(?:[ -~]{0,253}[!#-~])?|[!#-~](?:[ -~]{0,253}[!-~])?)$';

export const SubmitHeaders = ownHeaders(
  {
    prefer: PreferWait,
    'idempotency-key': z.string().optional().meta({
      description:
        'For a day, the same payload with the same key is the same request. Up to 255 characters, quoted or bare.',
      pattern: IDEMPOTENCY_KEY_PATTERN,
    }),
    'coatcheck-request-id': z.string().optional().meta(CHOSEN_ID_FIELD),
    // Without `format: date-time`: openapi-python-client 0.29 leaves out operations that have such a header.
    'coatcheck-not-before': z
      .string()
      .optional()
      .meta({
        description: `An RFC 3339 time. ${NOT_BEFORE}`,
        pattern: RFC_3339.source,
        example: PAST_TIME,
      }),
    'coatcheck-expires-at': z.string().optional().meta({
      description: 'An RFC 3339 time. The request doesn’t start after it.',
      pattern: RFC_3339.source,
      example: FAR_TIME,
    }),
    'coatcheck-min-version': z.string().optional().meta(MIN_VERSION),
    'coatcheck-ordering-key': z.string().optional().meta(ORDERING),
    'coatcheck-topic': z.string().optional().meta(TOPIC_FIELD),
    'coatcheck-priority': z.string().optional().meta(PRIORITY_FIELD),
    'coatcheck-callback-url': z.string().optional().meta({
      description: 'URL to POST the outcome to, see webhooks. https only.',
      example: 'https://example.com/hooks/coatcheck',
    }),
    'content-encoding': z.string().optional().meta({
      description: 'Content codings applied to the payload, passed on with it: gzip, deflate, br, zstd.',
      example: 'gzip',
    }),
    'content-language': z.string().optional().meta({
      pattern: CONTENT_LANGUAGE.source,
      maxLength: SHORT,
      description: 'Languages of the payload’s intended audience.',
      example: 'en',
    }),
    traceparent: z.string().optional().meta({ description: 'W3C trace context, passed on.' }),
    tracestate: z.string().optional().meta({ description: 'Passed on with a traceparent.' }),
    [METADATA_HEADER]: z.string().optional().meta({
      description:
        'Metadata for the handler, as a JSON object of texts. For names with dots or underscores: some proxies drop headers whose names have them.',
      example: '{"order_id":"17"}',
    }),
  },
  [METADATA_HEADER_PREFIX],
);
