import * as z from 'zod';
import { BASE64_OF_32_BYTES } from '../core/base/base64.ts';
import { BINARY_TYPE, MEDIA_TYPE } from '../core/base/media-type.ts';
import { S3_MAX_PARTS } from '../core/config/aws-limits.ts';
import { ownMembers } from './known-names.ts';
import { CONTENT_LANGUAGE } from './request-fields.ts';
import {
  FAR_TIME,
  Metadata,
  MIN_VERSION,
  NOT_BEFORE,
  ORDERING,
  PAST_TIME,
  PRIORITY_FIELD,
  Request,
  SHORT,
  Time,
  TOPIC_FIELD,
} from './schemas.ts';

/** Most part URLs in one response. */
export const MAX_PART_URLS = 100;

const UploadName = z
  .string()
  .min(1)
  .max(1_024)
  .meta({ description: 'The `uploadName` from the upload ticket.' });

// Without declared defaults: openapi-typescript 7 makes clients send every member that has one.
export const UploadRequestBody = ownMembers({
  size: z.int().min(1).meta({
    description: 'Size of the payload in bytes.',
    maximum: Number.MAX_SAFE_INTEGER,
    example: 10_485_760,
  }),
  contentType: z
    .string()
    .max(SHORT)
    .optional()
    .meta({
      description: `Media type of the payload; ${BINARY_TYPE} by default.`,
      pattern: MEDIA_TYPE.source,
    }),
  contentEncoding: z.string().max(SHORT).optional().meta({
    description: 'Content codings applied to the payload: gzip, deflate, br, zstd.',
    example: 'gzip',
  }),
  contentLanguage: z.string().max(SHORT).optional().meta({
    description: 'Languages of the payload’s intended audience.',
    pattern: CONTENT_LANGUAGE.source,
    example: 'en',
  }),
  sha256: z.string().max(SHORT).optional().meta({
    description:
      'Base64 SHA-256 of the payload; S3 rejects an upload that doesn’t match. Not for uploads in parts.',
    pattern: BASE64_OF_32_BYTES.source,
  }),
  metadata: Metadata.optional(),
  notBefore: z.string().max(SHORT).optional().meta({
    description: NOT_BEFORE,
    format: 'date-time',
    example: PAST_TIME,
  }),
  expiresAt: z.string().max(SHORT).optional().meta({
    description: 'The request doesn’t start after this time.',
    format: 'date-time',
    example: FAR_TIME,
  }),
  minVersion: z.string().max(SHORT).optional().meta(MIN_VERSION),
  orderingKey: z.string().max(SHORT).optional().meta(ORDERING),
  topic: z.string().max(SHORT).optional().meta(TOPIC_FIELD),
  priority: z.string().max(SHORT).optional().meta(PRIORITY_FIELD),
  callbackUrl: z.string().optional().meta({
    description: 'URL to POST the outcome to, see webhooks. https only.',
    example: 'https://example.com/hooks/coatcheck',
  }),
  multipart: z.boolean().optional().meta({ description: 'Upload in parts even if a form would do.' }),
}).meta({ id: 'UploadRequest' });

export const UploadForm = z
  .object({
    method: z.literal('POST'),
    url: z.string(),
    fields: z
      .record(z.string(), z.string())
      .meta({ description: 'Form fields to send unchanged, before the field `file`.' }),
    expiresAt: Time,
  })
  .meta({ id: 'UploadForm' });

export const UploadParts = z
  .object({
    method: z.literal('PUT_PARTS'),
    uploadName: z.string(),
    partSize: z.int().meta({ description: 'Size of every part but the last, in bytes.' }),
    partCount: z.int(),
    expiresAt: Time,
  })
  .meta({ id: 'UploadParts' });

export const UploadTicket = z
  .object({
    request: Request,
    // A discriminated union of Zod would be code of the function's start.
    upload: z.union([UploadForm, UploadParts]).meta({
      discriminator: {
        propertyName: 'method',
        mapping: { POST: '#/components/schemas/UploadForm', PUT_PARTS: '#/components/schemas/UploadParts' },
      },
    }),
  })
  .meta({ id: 'UploadTicket' });

export const PartUrlsRequestBody = ownMembers({
  uploadName: UploadName,
  numbers: z.array(z.int().min(1).max(S3_MAX_PARTS)).min(1).max(MAX_PART_URLS),
}).meta({ id: 'PartUrlsRequest' });

export const PartUrls = z
  .object({ parts: z.array(z.object({ number: z.int(), url: z.string() })) })
  .meta({ id: 'PartUrls' });

export const UploadCompletion = ownMembers({
  uploadName: UploadName,
  parts: z
    .array(ownMembers({ number: z.int().min(1).max(S3_MAX_PARTS), etag: z.string().min(1).max(SHORT) }))
    .min(1)
    .max(S3_MAX_PARTS),
}).meta({ id: 'UploadCompletion' });

export const UploadAbortion = ownMembers({ uploadName: UploadName }).meta({ id: 'UploadAbortion' });
