import * as z from 'zod';
import { SQS_MAX_VISIBILITY_SECONDS } from '../core/config/aws-limits.ts';
import { ownMembers } from './known-names.ts';

/** Most jobs in one answer, as many as SQS gives: each may bring a payload of a mebibyte. */
const MAX_JOBS = 10;

/** Longest wait for a job. Most proxies give up after 60 seconds. */
const MAX_WAIT_SECONDS = 50;

const DEFAULT_WAIT_SECONDS = 20;

const DEFAULT_LEASE_SECONDS = 60;

/** Longest wait before another attempt. */
const MAX_RETRY_SECONDS = SQS_MAX_VISIBILITY_SECONDS;

/** Most characters of a code, as an outcome carries it. */
const CODE_MAX_LENGTH = 100;

/** Most characters of a message, as a record carries it. */
const MESSAGE_MAX_LENGTH = 2_000;

const LeaseSeconds = z.number().min(1).max(SQS_MAX_VISIBILITY_SECONDS).default(DEFAULT_LEASE_SECONDS);

const Time = z.iso.datetime({ precision: 3 }).meta({ example: '2026-11-20T08:30:00.000Z' });

const Message = z.string().min(1).max(MESSAGE_MAX_LENGTH);

export const ReceiveBody = ownMembers({
  max: z.int().min(1).max(MAX_JOBS).default(1).meta({ description: 'Most jobs to return.' }),
  waitSeconds: z
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .default(DEFAULT_WAIT_SECONDS)
    .meta({ description: 'How long to wait for a job.' }),
  leaseSeconds: LeaseSeconds.meta({ description: 'How long each job is leased. Extend it while you work.' }),
}).meta({ id: 'JobsWanted' });

export const Job = z
  .object({
    lease: z.string().meta({ description: 'Names the lease in the other calls.' }),
    leaseEndsAt: Time,
    id: z.string().meta({ description: 'The id of the request.' }),
    attempt: z.int().meta({ description: 'The number of this attempt, from 1. It only grows.' }),
    tenant: z.string().optional(),
    topic: z.string().optional(),
    contentType: z.string().optional(),
    contentEncoding: z
      .string()
      .optional()
      .meta({ description: 'Content codings of the payload, which isn’t decoded.' }),
    contentLanguage: z.string().optional(),
    size: z.int().optional().meta({ description: 'Bytes.' }),
    metadata: z.record(z.string(), z.string()),
    traceparent: z.string().optional(),
    tracestate: z.string().optional(),
    data: z.unknown().optional().meta({ description: 'The payload: JSON as it is, text as a string.' }),
    dataBase64: z
      .string()
      .optional()
      .meta({ description: 'The payload, if it is neither JSON nor text, or has a content encoding.' }),
    dataUrl: z
      .string()
      .optional()
      .meta({ description: 'Where to GET a payload above 1 MiB within an hour, without authorization.' }),
  })
  .meta({ id: 'Job' });

export const Jobs = z.object({ jobs: z.array(Job) }).meta({ id: 'Jobs' });

export const Lease = z.object({
  lease: z
    .string()
    .min(1)
    .max(100)
    .meta({ param: { name: 'lease', in: 'path' }, description: 'The `lease` of a job.' }),
});

export const ExtendBody = ownMembers({
  leaseSeconds: LeaseSeconds.meta({ description: 'How long the lease lasts from now.' }),
  progress: ownMembers({
    fraction: z.number().min(0).max(1),
    note: z.string().max(MESSAGE_MAX_LENGTH).optional(),
  })
    .optional()
    .meta({ description: 'What to report as the progress of the request.' }),
}).meta({ id: 'LeaseExtension' });

export const LeaseEnd = z.object({ leaseEndsAt: Time }).meta({ id: 'LeaseEnd' });

export const FailBody = ownMembers({
  message: Message.meta({ description: 'What is wrong, for people.' }),
  code: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .max(CODE_MAX_LENGTH)
    .optional()
    .meta({ description: '`handler_failed` by default.', example: 'csv_invalid' }),
  details: z.unknown().optional().meta({ description: 'Any JSON, published with the failure.' }),
}).meta({ id: 'JobFailure' });

export const RetryBody = ownMembers({
  message: Message.optional().meta({ description: 'Why, for people.' }),
  afterSeconds: z
    .number()
    .min(0)
    .max(MAX_RETRY_SECONDS)
    .optional()
    .meta({ description: 'How long to wait; the backoff of the service by default.' }),
}).meta({ id: 'JobRetry' });
