import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import { requestOf, resultOf } from '../../lib/lambda/api-gateway-event.ts';
import { QUEUE_URL, TABLE } from '../support/aws-ports.ts';
import { gatewayEvent } from '../support/gateway-event.ts';
import { InProcessAws } from '../support/in-process-aws.ts';
import { InProcessService } from '../support/in-process-service.ts';
import { InProcessTable } from '../support/in-process-table.ts';

/** A way to accept requests. */
export interface Way {
  readonly aws: InProcessAws;
  /** Accepts one, from API Gateway's event to the response. */
  readonly submit: () => Promise<unknown>;
}

/** The ways, by their names in the report. */
export const WAYS = {
  'bare: two calls of the SDK': bare,
  API: api,
  'API, with an idempotency key': apiWithKey,
} satisfies Record<string, () => Way>;

export type WayName = keyof typeof WAYS;

/** The minimum: a message and a record by the SDK, without checks. */
function bare(): Way {
  const aws = new InProcessAws({ table: new InProcessTable() });
  const submit = async ({ body = '' }: APIGatewayProxyEventV2) => {
    const id = crypto.randomUUID();
    const message = JSON.stringify({ id, payload: JSON.parse(body) });
    await aws.queues.send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: message }));
    const record = { [RECORD_KEY]: { S: id }, status: { S: 'queued' } };
    const condition = `attribute_not_exists(${RECORD_KEY})`;
    await aws.records.send(
      new PutItemCommand({ TableName: TABLE, Item: record, ConditionExpression: condition }),
    );
    return { statusCode: 202, body: JSON.stringify({ id }) };
  };
  return { aws, submit: () => submit(gatewayEvent({})) };
}

function api(): Way {
  return through(() => ({}));
}

function apiWithKey(): Way {
  return through(() => ({ 'idempotency-key': crypto.randomUUID() }));
}

function through(headers: () => Record<string, string>): Way {
  const { app, aws } = new InProcessService(async () => 'never run');
  const submit = async () => {
    const { statusCode } = await resultOf(await app.fetch(requestOf(gatewayEvent(headers()))));
    if (statusCode !== 202) throw new Error(`answered ${statusCode}`);
  };
  return { aws, submit };
}
