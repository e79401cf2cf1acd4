import * as z from 'zod';
import { NOTE_MAX_LENGTH } from '../core/operations/failure-groups.ts';
import { EXACT_FAILURES, MAX_GROUP_TENANTS } from '../core/ports/failure-index.ts';
import { ownMembers, ownQuery } from './known-names.ts';
import { FailureGroupId, PAGE_FIELDS, SHORT, TENANT_FIELD, Time, timeParameter } from './schemas.ts';

export const FailureGroupResource = z
  .object({
    id: FailureGroupId,
    code: z.string().meta({
      description: 'The code of the error, or its name: of the last one, if a request used up its attempts.',
      example: 'card_declined',
    }),
    message: z.string().meta({
      description: 'The message of the error, with placeholders for what differs between the requests.',
      example: 'Order <n> of <text> was declined',
    }),
    frame: z.string().optional().meta({
      description: 'Where the error was thrown: a function and its file, if that is known.',
      example: 'chargeCard (charge.ts)',
    }),
    firstSeenAt: Time,
    lastSeenAt: Time,
    count: z.int().meta({
      description: `Failed requests. Exact up to ${EXACT_FAILURES}; above that, a minimum.`,
    }),
    tenants: z
      .array(z.string())
      .meta({ description: `Up to ${MAX_GROUP_TENANTS} of the tenants whose requests failed.` }),
    note: z
      .object({
        text: z.string(),
        by: z.string().optional().meta({ description: 'Who noted it, if the API knows its callers.' }),
        at: Time,
      })
      .optional()
      .meta({ description: 'The note of an operator. Only operators see it.' }),
  })
  .meta({ id: 'FailureGroup', description: 'Requests that failed with the same error.' });

export const FailureGroupPage = z
  .object({
    groups: z.array(FailureGroupResource),
    next: z
      .string()
      .optional()
      .meta({ description: 'The `cursor` of the next page; absent on the last page.' }),
  })
  .meta({ id: 'FailureGroupPage' });

export const FailureQuery = ownQuery({
  tenant: TENANT_FIELD,
  since: timeParameter('since', 'Only groups that were last seen at this time or later.'),
  until: timeParameter('until', 'Only groups that were first seen before this time.'),
  ...PAGE_FIELDS,
});

export const FailedRequestsQuery = ownQuery({ tenant: TENANT_FIELD, ...PAGE_FIELDS });

export const GroupQuery = ownQuery({ tenant: TENANT_FIELD });

export const GroupId = z.object({
  id: z
    .string()
    .min(1)
    .max(SHORT)
    .meta({
      param: { name: 'id', in: 'path' },
      description: 'The id of the group.',
      example: '80d813265c2121ca',
    }),
});

export const FailureNoteBody = ownMembers({
  text: z.string().max(NOTE_MAX_LENGTH).meta({ example: 'Bug in 42, fixed in 43: redrive them.' }),
}).meta({ id: 'FailureNote' });
