import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';

/** Reads the stream of a table on a local AWS, without the SDK: a client for three calls is a large dependency. */
export class TableStream {
  readonly #endpoint: string;
  readonly #arn: string;
  #iterators: Promise<string[]> | undefined;

  private constructor(endpoint: string, arn: string) {
    this.#endpoint = endpoint;
    this.#arn = arn;
  }

  static async of(client: DynamoDBClient, endpoint: string, table: string): Promise<TableStream> {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    if (Table?.LatestStreamArn === undefined) throw new Error(`${table} has no stream`);
    return new TableStream(endpoint, Table.LatestStreamArn);
  }

  /** The records since the last call. */
  async read(): Promise<DynamoDBRecord[]> {
    this.#iterators ??= this.#start();
    const records: DynamoDBRecord[] = [];
    const next: string[] = [];
    for (let iterator of await this.#iterators) {
      for (;;) {
        const page = await this.#call('GetRecords', { ShardIterator: iterator });
        records.push(...page.Records);
        iterator = page.NextShardIterator ?? iterator;
        if (page.Records.length === 0) break;
      }
      next.push(iterator);
    }
    this.#iterators = Promise.resolve(next);
    return records;
  }

  async #start(): Promise<string[]> {
    const { StreamDescription } = await this.#call('DescribeStream', { StreamArn: this.#arn });
    return Promise.all(
      StreamDescription.Shards.map(async ({ ShardId }: { readonly ShardId: string }) => {
        const from = { StreamArn: this.#arn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
        return (await this.#call('GetShardIterator', from)).ShardIterator;
      }),
    );
  }

  async #call(operation: string, input: object) {
    const scope = '20260101/us-east-1/dynamodb/aws4_request';
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        'X-Amz-Target': `DynamoDBStreams_20120810.${operation}`,
        'Content-Type': 'application/x-amz-json-1.0',
        Authorization: `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(input),
    });
    if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
    return JSON.parse(await response.text());
  }
}
