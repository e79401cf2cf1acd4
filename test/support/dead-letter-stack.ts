import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import { describeServiceOutput } from '../../lib/core/config/service-outputs.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { localClients, localConfig } from '../../lib/local/clients.ts';
import { eventually } from './eventually.ts';

const RESOURCES = {
  Input: { Type: 'AWS::SQS::Queue' },
  Dead: { Type: 'AWS::SQS::Queue' },
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: RECORD_KEY, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: RECORD_KEY, KeyType: 'HASH' }],
    },
  },
};

const OUTPUTS = {
  InputQueueUrl: 'Input',
  DeadLetterQueueUrl: 'Dead',
  RequestTableName: 'Table',
  WebhookQueueUrl: 'Input',
  WebhookDeadLetterQueueUrl: 'Dead',
};

/** Parts of a template. */
interface MoreOfTemplate {
  readonly Resources?: object;
  readonly Outputs?: object;
}

/** A stack with queues and a table, and no processor, for tests of dead letters. */
export class DeadLetterStack {
  readonly stack: string;
  readonly sqs: SQSClient;
  readonly records: RequestRecords;
  readonly inputUrl: string;
  readonly deadUrl: string;

  private constructor(stack: string, endpoint: string, outputs: Readonly<Record<string, string>>) {
    this.stack = stack;
    this.sqs = localClients(endpoint).sqs;
    const table = new DynamoDBClient(localConfig(endpoint));
    const store = new DynamoDbRecordStore(table, outputs.RequestTableName ?? '');
    this.records = new RequestRecords(store, Date.now, 30);
    this.inputUrl = outputs.InputQueueUrl ?? '';
    this.deadUrl = outputs.DeadLetterQueueUrl ?? '';
  }

  /** @param more resources and outputs of the template besides the stack's own */
  static async open(endpoint: string, more: MoreOfTemplate = {}): Promise<DeadLetterStack> {
    const client = new CloudFormationClient(localConfig(endpoint));
    const StackName = `dead-letters-${crypto.randomUUID()}`;
    const outputs = Object.entries(OUTPUTS).map(([name, Ref]) => {
      const Description = describeServiceOutput({ service: 'Service', name: name as keyof typeof OUTPUTS });
      return [name, { Value: { Ref }, Description }];
    });
    const TemplateBody = JSON.stringify({
      Resources: { ...RESOURCES, ...more.Resources },
      Outputs: { ...Object.fromEntries(outputs), ...more.Outputs },
    });
    await client.send(new CreateStackCommand({ StackName, TemplateBody }));
    // The SDK's waiter waits for a second at least.
    const created = await eventually(async () => {
      const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
      expect(Stacks?.[0]?.StackStatus).toBe('CREATE_COMPLETE');
      return Stacks?.[0];
    });
    const found = (created?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [
      OutputKey,
      OutputValue,
    ]);
    return new DeadLetterStack(StackName, endpoint, Object.fromEntries(found));
  }

  /** Puts a message into the dead-letter queue, as if SQS had moved it there. @returns its id */
  async letter(
    MessageBody: string,
    RequestId?: string,
    more: Partial<SendMessageCommandInput> = {},
  ): Promise<string> {
    const named = RequestId && { RequestId: { DataType: 'String', StringValue: RequestId } };
    const { MessageId = '' } = await this.sqs.send(
      new SendMessageCommand({
        ...more,
        QueueUrl: this.deadUrl,
        MessageBody,
        MessageAttributes: { ...more.MessageAttributes, ...named },
      }),
    );
    return MessageId;
  }

  /** Receives all messages of the input queue. */
  async inInput(): Promise<Message[]> {
    const all: Message[] = [];
    while (true) {
      const { Messages } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.inputUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 600,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      if (!Messages) return all;
      all.push(...Messages);
    }
  }

  /** Counts visible and invisible messages of the dead-letter queue. */
  async inDead(): Promise<readonly [waiting: number, hidden: number]> {
    const { Attributes = {} } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: this.deadUrl, AttributeNames: ['All'] }),
    );
    return [
      Number(Attributes.ApproximateNumberOfMessages),
      Number(Attributes.ApproximateNumberOfMessagesNotVisible),
    ];
  }
}
