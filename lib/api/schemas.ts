import { z } from '@hono/zod-openapi';
import { BINARY_TYPE, MEDIA_TYPE } from '../core/base/media-type.ts';
import { RFC_3339 } from '../core/base/time.ts';
import { S3_MAX_PARTS } from '../core/config/aws-limits.ts';
import { REQUEST_ID_MAX_LENGTH, SOURCE_MAX_LENGTH } from '../core/model/request-id.ts';
import { REQUEST_STATUSES } from '../core/model/request-record.ts';
import { ATTEMPTED_STATUSES } from '../core/model/webhook-state.ts';
import { ownHeaders, ownMembers, ownQuery } from './known-names.ts';
import { CONTENT_LANGUAGE, METADATA_HEADER, METADATA_NAME, METADATA_VALUE } from './request-fields.ts';

/** Most URLs of parts in one answer. */
export const MAX_PART_URLS = 100;

/** Most requests on a page, and how many unless the client says. */
export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;

/** Longest text of a time or another short field. */
const SHORT = 255;

/** Longest id in a path: 3 bytes of UTF-8 a character, 4 characters of base64 for 3 bytes, and the `~`. */
const MAX_ID_SEGMENT = 4 * REQUEST_ID_MAX_LENGTH + 1;

/** An example of an expiry, which must be in the future whenever somebody tries it. */
const FAR_TIME = '2100-01-01T00:00:00Z';

const Time = z.iso.datetime({ precision: 3 }).openapi({ example: '2026-11-20T08:30:00.000Z' });

export const Problem = z
  .looseObject({
    type: z.string().openapi({ example: 'urn:coatcheck:problem:payload_too_large' }),
    title: z.string(),
    status: z
      .int()
      .optional()
      .openapi({ description: 'The HTTP status; absent in a request’s own problem.' }),
    detail: z.string(),
    code: z.string().openapi({ description: 'What programs branch on.', example: 'payload_too_large' }),
  })
  .openapi('Problem', { description: 'An RFC 9457 problem, with facts that go with its code.' });

export const Status = z
  .enum(REQUEST_STATUSES)
  .openapi('Status', { description: 'Where the request stands. The last four are terminal.' });

export const Request = z
  .object({
    id: z.string().openapi({ description: 'The ticket.', example: '019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42' }),
    source: z
      .string()
      .optional()
      .openapi({ description: 'Who gave the id, if not this API or S3: the `source` of a CloudEvent.' }),
    status: Status,
    createdAt: Time,
    updatedAt: Time,
    endedAt: Time.optional(),
    expiresAt: Time.optional().openapi({ description: 'It isn’t begun after that.' }),
    traceparent: z
      .string()
      .optional()
      .openapi({ description: 'W3C trace context: the trace it belongs to, if anybody said so.' }),
    attempts: z.int().openapi({ description: 'Attempts begun.' }),
    progress: z
      .object({ fraction: z.number().openapi({ description: 'From 0 to 1.' }), note: z.string().optional() })
      .optional(),
    lastError: z
      .object({ name: z.string(), message: z.string(), code: z.string().optional() })
      .optional()
      .openapi({ description: 'What the latest attempt that failed threw.' }),
    result: z
      .object({ size: z.int().openapi({ description: 'Bytes.' }), contentType: z.string() })
      .optional()
      .openapi({ description: 'What there is to fetch, if it succeeded.' }),
    // Why it ended otherwise. A description here would become the schema's own.
    problem: Problem.optional(),
    webhook: z
      .object({
        status: z.enum(['pending', ...ATTEMPTED_STATUSES]),
        at: Time.openapi({
          description: 'When it was attempted last; while it is pending, when the request ended.',
        }),
        attempts: z.int().openapi({ description: 'Attempts made.' }),
        reason: z.string().optional().openapi({ description: 'Why the last one failed.' }),
        nextAttemptAt: Time.optional(),
      })
      .optional()
      .openapi({ description: 'How telling its end by webhook stands, where it is told so.' }),
    links: z
      .object({ self: z.string(), result: z.string(), cancel: z.string() })
      .openapi({ description: 'Paths below the API’s base URL.' }),
  })
  .openapi('Request');

const METADATA_FORM = {
  propertyNames: { pattern: METADATA_NAME.source },
  additionalProperties: { type: 'string', pattern: METADATA_VALUE.source },
} as const;

const Metadata = z.record(z.string(), z.string()).openapi({
  description:
    'Notes passed on to the handler: names of lower-case letters, digits and - . _, printable ASCII values.',
  ...METADATA_FORM,
});

const UploadName = z.string().min(1).max(1_024).openapi({ description: 'As it came with the upload.' });

// Without declared defaults: openapi-typescript 7 makes clients send every member that has one.
export const UploadRequestBody = ownMembers({
  size: z.int().min(1).openapi({
    description: 'Bytes the payload has.',
    maximum: Number.MAX_SAFE_INTEGER,
    example: 10_485_760,
  }),
  contentType: z
    .string()
    .max(SHORT)
    .optional()
    .openapi({
      description: `Of the payload; ${BINARY_TYPE} unless it is given.`,
      pattern: MEDIA_TYPE.source,
    }),
  contentEncoding: z.string().max(SHORT).optional().openapi({
    description: 'Content codings of the payload: gzip, deflate, br, zstd.',
    example: 'gzip',
  }),
  contentLanguage: z.string().max(SHORT).optional().openapi({
    description: 'Languages the payload is for.',
    pattern: CONTENT_LANGUAGE.source,
    example: 'en',
  }),
  sha256: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/)
    .optional()
    .openapi({ description: 'SHA-256 of the payload in base64; an upload of other bytes is refused.' }),
  metadata: Metadata.optional(),
  expiresAt: z.string().max(SHORT).optional().openapi({
    description: 'It isn’t begun after that.',
    format: 'date-time',
    example: FAR_TIME,
  }),
  callbackUrl: z.string().optional().openapi({
    description: 'Where to POST the outcome, see webhooks: https only.',
    example: 'https://example.com/hooks/coatcheck',
  }),
  multipart: z.boolean().optional().openapi({ description: 'Upload in parts though a form would do.' }),
}).openapi('UploadRequest');

export const UploadTicket = z
  .object({
    request: Request,
    upload: z.union([
      z
        .object({
          method: z.literal('POST'),
          url: z.string(),
          fields: z
            .record(z.string(), z.string())
            .openapi({ description: 'Form fields to send as they are, before the field `file`.' }),
          expiresAt: Time,
        })
        .openapi('UploadForm'),
      z
        .object({
          method: z.literal('PUT_PARTS'),
          uploadName: z.string(),
          partSize: z.int().openapi({ description: 'Bytes of every part but the last.' }),
          partCount: z.int(),
          expiresAt: Time,
        })
        .openapi('UploadParts'),
    ]),
  })
  .openapi('UploadTicket');

export const PartUrlsRequestBody = ownMembers({
  uploadName: UploadName,
  numbers: z.array(z.int().min(1).max(S3_MAX_PARTS)).min(1).max(MAX_PART_URLS),
}).openapi('PartUrlsRequest');

export const PartUrls = z
  .object({ parts: z.array(z.object({ number: z.int(), url: z.string() })) })
  .openapi('PartUrls');

export const UploadCompletion = ownMembers({
  uploadName: UploadName,
  parts: z
    .array(ownMembers({ number: z.int().min(1).max(S3_MAX_PARTS), etag: z.string().min(1).max(SHORT) }))
    .min(1)
    .max(S3_MAX_PARTS),
}).openapi('UploadCompletion');

export const UploadAbortion = ownMembers({ uploadName: UploadName }).openapi('UploadAbortion');

export const RequestPage = z
  .object({
    requests: z.array(Request),
    next: z.string().optional().openapi({ description: 'The `cursor` of the next page, if there is one.' }),
  })
  .openapi('RequestPage');

export const ServiceStatus = z
  .object({
    accepting: z.boolean().openapi({ description: 'Whether a request handed in now would be taken.' }),
    load: z
      .object({
        backlog: z.number().optional(),
        completionsPerSecond: z.number().optional(),
        predictedWaitSeconds: z.number().optional(),
        maxWaitSeconds: z.number(),
      })
      .openapi({ description: 'What that is decided on; what is absent is unknown.' }),
  })
  .openapi('ServiceStatus');

export const Ticket = z.object({
  id: z
    .string()
    .min(1)
    .max(MAX_ID_SEGMENT)
    .openapi({
      param: { name: 'id', in: 'path' },
      description:
        'The id of the request. One of other characters than letters, digits and `-._` stands here as `~` and the ' +
        'base64url of its UTF-8, as in the links of the request.',
    }),
});

export const Source = ownQuery({
  source: z
    .string()
    .max(SOURCE_MAX_LENGTH)
    .default('')
    .openapi({ param: { name: 'source', in: 'query' }, description: 'Who gave the id, see Request.' }),
});

/** Of calls that take no query. */
export const NoQuery = ownQuery({});

/** Of calls that take no headers of this API's own. */
export const NoHeaders = ownHeaders({});

export const ListQuery = ownQuery({
  status: Status.optional().openapi({ param: { name: 'status', in: 'query' } }),
  cursor: z
    .string()
    .max(SHORT)
    .optional()
    .openapi({ param: { name: 'cursor', in: 'query' }, description: '`next` of the page before.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE)
    .default(DEFAULT_PAGE)
    .openapi({ param: { name: 'limit', in: 'query' } }),
});

const PreferWait = z.string().optional().openapi({
  description: '`wait=N`: hold the answer for up to N seconds, at most 20, until the request ends.',
});

export const StatusHeaders = ownHeaders({
  prefer: PreferWait,
  'if-none-match': z.string().optional().openapi({ description: 'An ETag: 304 while nothing has changed.' }),
});

export const SubmitHeaders = ownHeaders(
  {
    prefer: PreferWait,
    'idempotency-key': z.string().optional().openapi({
      description:
        'The same payload under the same key is the same request, for a day. Up to 255 characters, quoted or not.',
      // Quoted, or bare: then it has no spaces at its ends, and isn't just two quotes.
      pattern: '^(?:"[ -~]{1,255}"|"(?:[ -~]{0,253}[!#-~])?|[!#-~](?:[ -~]{0,253}[!-~])?)$',
    }),
    // Without `format: date-time`: openapi-python-client 0.29 leaves out operations that have such a header.
    'coatcheck-expires-at': z.string().optional().openapi({
      description: 'An RFC 3339 time. The request isn’t begun after it.',
      pattern: RFC_3339.source,
      example: FAR_TIME,
    }),
    'coatcheck-callback-url': z.string().optional().openapi({
      description: 'Where to POST the outcome, see webhooks: https only.',
      example: 'https://example.com/hooks/coatcheck',
    }),
    'content-encoding': z.string().optional().openapi({
      description: 'Content codings of the payload, kept with it: gzip, deflate, br, zstd.',
      example: 'gzip',
    }),
    'content-language': z.string().optional().openapi({
      pattern: CONTENT_LANGUAGE.source,
      maxLength: SHORT,
      description: 'Languages the payload is for.',
      example: 'en',
    }),
    traceparent: z.string().optional().openapi({ description: 'W3C trace context, passed on.' }),
    tracestate: z.string().optional().openapi({ description: 'Passed on with a traceparent.' }),
  },
  [METADATA_HEADER],
);
