import { Stack, Token } from 'aws-cdk-lib';
import { CfnGlobalTable, CfnTable, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import { DYNAMODB_STREAM_RETENTION_SECONDS } from '../../core/config/aws-limits.ts';
import type { ServiceSettings } from './service-settings.ts';

const DAY_SECONDS = 86_400;

/** Streams that have what was inserted. */
const VIEWS = ['NEW_IMAGE', 'NEW_AND_OLD_IMAGES'];

/** The members of a table in a template that an outbox depends on. */
interface TableTemplate {
  readonly keySchema?: readonly { readonly attributeName: string; readonly keyType: string }[];
  readonly attributeDefinitions?: readonly {
    readonly attributeName: string;
    readonly attributeType: string;
  }[];
  readonly localSecondaryIndexes?: readonly unknown[];
  readonly streamSpecification?: { readonly streamViewType?: string };
}

/** The problem with a table that has no stream, before an event source refers to it; undefined if it has one. */
export function streamProblem(table: ITable): string | undefined {
  const template = templateOf(table);
  // The CDK gives a TableV2 the ARN of a stream in any case.
  if (template ? template.streamSpecification : table.tableStreamArn) return undefined;
  const remedy = template
    ? 'set dynamoStream (stream of a Table) to StreamViewType.NEW_IMAGE'
    : 'import it by Table.fromTableAttributes with its tableStreamArn';
  return `table must have a stream, got ${table.node.path} without one: ${remedy}`;
}

/** The problem with a prefix of keys; undefined if it is valid. Policies have it before a wildcard. */
export function keyPrefixProblem(
  keyPrefix: string | undefined,
  table: ITable | undefined,
): string | undefined {
  if (keyPrefix === undefined || Token.isUnresolved(keyPrefix)) return undefined;
  if (!table) return `keyPrefix must only be set with table, got ${JSON.stringify(keyPrefix)} without it`;
  if (/^[^*?$]+$/.test(keyPrefix)) return undefined;
  return `keyPrefix must be one or more characters without * ? $, got ${JSON.stringify(keyPrefix)}`;
}

/** Whether the app shows what the stream of a table has. */
export function isKnownTable(table: ITable): boolean {
  return templateOf(table) !== undefined;
}

/** Problems with an existing table, once the app is complete. */
export function tableProblems(table: ITable, { keepsOrder }: Pick<ServiceSettings, 'keepsOrder'>): string[] {
  const template = templateOf(table);
  const { path } = table.node;
  if (!template) {
    return keepsOrder ? [`${ORDERED_TABLE}, got the imported table ${path}: ${WHY_ORDERED}`] : [];
  }
  const {
    keySchema = [],
    attributeDefinitions = [],
    localSecondaryIndexes = [],
    streamSpecification,
  } = template;
  const view = streamSpecification?.streamViewType ?? 'no view';
  const typeOf = (name: string) =>
    attributeDefinitions.find(({ attributeName }) => attributeName === name)?.attributeType;
  const noText = keySchema.filter(({ attributeName }) => typeOf(attributeName) !== 'S');
  const isSplit = keySchema.length < 2 || localSecondaryIndexes.length === 0;
  return [
    ...(VIEWS.includes(view)
      ? []
      : [`The stream of table must be one of ${VIEWS.join(', ')}, got ${view} of ${path}`]),
    ...noText.map(
      ({ attributeName }) =>
        `The keys of table must be of the type S, got ${attributeName} of ${path}, which is of the type ${typeOf(attributeName)}`,
    ),
    ...(keepsOrder && isSplit
      ? [
          `${ORDERED_TABLE}, got ${path} with${keySchema.length < 2 ? 'out a sort key' : 'out an index'}: ${WHY_ORDERED}`,
        ]
      : []),
  ];
}

const ORDERED_TABLE =
  "table must be part of the app and have a sort key and a local secondary index, since the service has order: 'fifo'";

const WHY_ORDERED =
  'otherwise DynamoDB may split the rows of an ordering key over partitions, whose streams have no order. Leave table out, so ' +
  'that the outbox has a table of its own';

/**
 * The problem with payloads that expire before their messages; undefined if they don't. A stream keeps a record for a day, and
 * then its message waits in the queue.
 */
export function payloadAgeProblem({
  uploadAgeDays,
  inputRetentionSeconds,
}: Pick<ServiceSettings, 'uploadAgeDays' | 'inputRetentionSeconds'>): string | undefined {
  const least = Math.ceil((inputRetentionSeconds + DYNAMODB_STREAM_RETENTION_SECONDS) / DAY_SECONDS);
  if (Token.isUnresolved(uploadAgeDays) || Token.isUnresolved(inputRetentionSeconds)) return undefined;
  if (uploadAgeDays >= least) return undefined;
  return `payloads.lifecycle.uploads of the service must be at least ${least} days (queue.retention + the day that a stream keeps a row), got ${uploadAgeDays}`;
}

/** A table as the app's template has it; undefined if it isn't part of this app. */
function templateOf(table: ITable): TableTemplate | undefined {
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable || resource instanceof CfnGlobalTable)) return undefined;
  const { keySchema, attributeDefinitions, localSecondaryIndexes, streamSpecification } = resource;
  return Stack.of(resource).resolve({
    keySchema,
    attributeDefinitions,
    localSecondaryIndexes,
    streamSpecification,
  });
}
