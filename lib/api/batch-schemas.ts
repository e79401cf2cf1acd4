import * as z from 'zod';
import { S3_MAX_KEY_BYTES, S3_MAX_PUT_BYTES } from '../core/config/aws-limits.ts';
import {
  BATCH_KEY_MAX_LENGTH,
  BATCH_MAX_ITEMS,
  BATCH_STATUSES,
  COUNTED_STATUSES,
} from '../core/model/batch.ts';
import { IMPORT_MAX_PROBLEMS, IMPORT_STATES } from '../core/model/batch-import.ts';
import { BATCH_MAX_LINES } from '../core/model/batch-lines.ts';
import { ownHeaders, ownMembers, ownQuery } from './known-names.ts';
import {
  FAR_TIME,
  IDEMPOTENCY_KEY_PATTERN,
  ITEM_FIELDS,
  Metadata,
  NOT_BEFORE,
  PAGE_FIELDS,
  PAST_TIME,
  Problem,
  queryNumber,
  SHORT,
  Status,
  Time,
  TOPIC_FIELD,
} from './schemas.ts';
import { UploadForm } from './upload-schemas.ts';

const LINKS = ['self', 'items', 'seal', 'results', 'cancel'] as const;

export const NewBatchBody = ownMembers({
  topic: z
    .string()
    .max(SHORT)
    .optional()
    .meta({ ...TOPIC_FIELD, description: 'The topic of items that don’t have one.' }),
  metadata: Metadata.optional(),
  notBefore: z
    .string()
    .max(SHORT)
    .optional()
    .meta({ description: NOT_BEFORE, format: 'date-time', example: PAST_TIME }),
  expiresAt: z.string().max(SHORT).optional().meta({
    description: 'No item starts after this time, and the batch takes no more items.',
    format: 'date-time',
    example: FAR_TIME,
  }),
  callbackUrl: z.string().optional().meta({
    description: 'URL to POST to when the batch has ended, see webhooks. https only.',
    example: 'https://example.com/hooks/batches',
  }),
}).meta({ id: 'BatchInput', description: 'Defaults for items.' });

export const CreateBatchHeaders = ownHeaders({
  'idempotency-key': z.string().optional().meta({
    description:
      'A batch that is created again with the same key is the same batch. Up to 255 characters, quoted or bare.',
    pattern: IDEMPOTENCY_KEY_PATTERN,
  }),
});

const Count = z.int().min(0);

const MANIFEST_EXAMPLE = 's3://my-bucket/payloads/batches/orders.ndjson';

/** Of a bucket and a key, in characters. */
const MANIFEST_MAX_LENGTH = S3_MAX_KEY_BYTES + 100;

/** The latest import of a batch. */
const BatchImport = z
  .object({
    state: z.enum(IMPORT_STATES).meta({
      description:
        '`running` until the end of the manifest is reached, `cancelled` with its batch, `failed` if the manifest can’t be read. A failed ' +
        'import leaves the batch open.',
    }),
    manifest: z.string().meta({ example: MANIFEST_EXAMPLE }),
    bytes: Count.meta({ description: 'The size of the manifest.' }),
    bytesDone: Count.meta({ description: 'The bytes of the lines that are imported.' }),
    lines: Count.meta({ description: 'The lines that are imported, with empty and refused ones.' }),
    refused: Count.meta({ description: 'Lines that didn’t become items of the batch. The others did.' }),
    problems: z
      .array(
        z.object({
          line: z.int().min(1).meta({ description: 'Its number in the manifest, from 1.' }),
          key: z.string().optional(),
          code: z.string(),
          detail: z.string(),
        }),
      )
      .meta({ description: `The first ${IMPORT_MAX_PROBLEMS} refused lines.` }),
    failure: z
      .object({ code: z.string(), detail: z.string() })
      .optional()
      .meta({ description: 'Why it failed.' }),
  })
  .meta({ id: 'BatchImport', description: 'The latest import of items from a manifest.' });

export const ManifestUpload = ownMembers({
  size: z.int().min(1).max(S3_MAX_PUT_BYTES).meta({ description: 'Exact size in bytes.' }),
}).meta({ id: 'ManifestUpload' });

export const ManifestForm = z
  .object({ manifest: z.string().meta({ example: MANIFEST_EXAMPLE }), upload: UploadForm })
  .meta({ id: 'ManifestForm' });

export const ImportedManifest = ownMembers({
  manifest: z
    .string()
    .min(1)
    .max(MANIFEST_MAX_LENGTH)
    .meta({
      description:
        'An object of the service’s bucket with an item a line. It is below the prefix of payloads, in the folder `batches/`; callers with ' +
        'tenants use the folder of the batch there, `batches/{id}/`.',
      example: MANIFEST_EXAMPLE,
    }),
}).meta({ id: 'ImportedManifest' });

export const Batch = z
  .object({
    id: z.string(),
    status: z.enum(BATCH_STATUSES).meta({
      description:
        '`open` while items can be added, `running` when it is sealed. The last three are terminal.',
    }),
    topic: z.string().optional(),
    notBefore: Time.optional(),
    expiresAt: Time.optional(),
    createdAt: Time,
    sealRequestedAt: Time.optional().meta({
      description: 'When sealing was requested during an import: it is sealed after the import.',
    }),
    sealsAt: Time.optional().meta({
      description:
        'Of an open batch: when it is sealed without a further call, if no item is added until then.',
    }),
    sealedAt: Time.optional(),
    endedAt: Time.optional(),
    counts: z
      .object({
        total: Count,
        ...(Object.fromEntries(COUNTED_STATUSES.map((status) => [status, Count])) as Record<
          (typeof COUNTED_STATUSES)[number],
          typeof Count
        >),
      })
      .meta({
        description:
          'Items by their status. `queued` includes scheduled ones, `running` those that are being cancelled.',
      }),
    progress: z.number().meta({ description: 'The fraction of the items that have ended, from 0 to 1.' }),
    estimatedEndAt: Time.optional().meta({
      description: 'When it ends if its items continue to end as fast as since its start.',
    }),
    import: BatchImport.optional(),
    links: z
      .object({
        ...(Object.fromEntries(LINKS.map((name) => [name, z.string()])) as Record<
          (typeof LINKS)[number],
          z.ZodString
        >),
        manifest: z.string().optional().meta({
          description: 'All results in one file. Present on AWS, from when it is written until it expires.',
        }),
      })
      .meta({ description: 'Paths below the API’s base URL.' }),
  })
  .meta({ id: 'Batch' });

export const BatchPage = z
  .object({
    batches: z.array(Batch),
    next: z
      .string()
      .optional()
      .meta({ description: 'The `cursor` of the next page; absent on the last page.' }),
  })
  .meta({ id: 'BatchPage' });

export const BatchListQuery = ownQuery(PAGE_FIELDS);

/** Most lines that a client can ask for in a response. */
export const MAX_RESULTS = 10_000;

export const BatchResultsQuery = ownQuery({
  cursor: PAGE_FIELDS.cursor.meta({
    param: { name: 'cursor', in: 'query' },
    description: 'The cursor in the header `Link` of the previous response.',
  }),
  limit: queryNumber(1, MAX_RESULTS)
    .optional()
    .meta({
      param: { name: 'limit', in: 'query' },
      description: 'Maximum number of lines in the response. It can have fewer, even if more lines follow.',
    }),
});

export const BatchResultsAnswer = z.object({
  Link: z.string().optional().meta({
    description: 'The rest of the lines, as `<URL>; rel="next"`. Absent if there are none.',
    example: '<results?cursor=NDE&limit=1000>; rel="next"',
  }),
});

export const BatchTicket = z.object({
  id: z
    .string()
    .min(1)
    .max(SHORT)
    .meta({ param: { name: 'id', in: 'path' }, description: 'The id of the batch.' }),
});

export const ItemLine = ownMembers({
  key: z.string().meta({
    description: `Unique in the batch, 1 to ${BATCH_KEY_MAX_LENGTH} characters. The same item can be added again under its key.`,
    minLength: 1,
    maxLength: BATCH_KEY_MAX_LENGTH,
  }),
  ...ITEM_FIELDS,
}).meta({
  id: 'ItemLine',
  description: `A line: an item, with one of \`json\`, \`text\` and \`base64\` as its payload. Up to ${BATCH_MAX_LINES} lines in a call of up to 6 MiB, and up to ${BATCH_MAX_ITEMS} items in a batch.`,
});

export const AddedItems = z
  .object({
    added: Count.meta({ description: 'Items that are new.' }),
    repeated: Count.meta({ description: 'Items that were there before.' }),
    refused: z
      .array(
        z.object({
          line: z.int().min(1).meta({ description: 'The number of the line in this call, from 1.' }),
          key: z.string().optional(),
          problem: Problem,
        }),
      )
      .meta({ description: 'Lines that didn’t become items of the batch. The others did.' }),
  })
  .meta({ id: 'AddedItems' });

export const ManifestLine = z
  .object({
    key: z.string(),
    id: z.string().meta({ description: 'The ticket of its request.' }),
    status: Status,
    endedAt: Time.optional(),
    result: z
      .object({
        contentType: z.string(),
        size: z.int().meta({ description: 'Bytes.' }),
        json: z.unknown().optional(),
        text: z.string().optional(),
        base64: z.string().optional(),
        link: z.string().optional().meta({ description: 'Path of the result, if it isn’t in this line.' }),
        gone: z.literal(true).optional().meta({ description: 'The result is no longer kept.' }),
      })
      .optional()
      .meta({ description: 'The result, if the request succeeded.' }),
    // Present for every other end. A description here would replace that of the schema.
    problem: Problem.optional(),
  })
  .meta({ id: 'ManifestLine', description: 'A line for each item.' });
