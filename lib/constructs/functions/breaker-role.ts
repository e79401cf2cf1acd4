import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { KEY_USES } from '../storage/key-use.ts';
import { FunctionRole } from './function-role.ts';

/** The resources that a {@link BreakerRole} grants access to. */
export interface BreakerRoleProps {
  readonly queue: IQueue;
  readonly sources: readonly IEventSourceMapping[];
  /** Undefined without an HTTP API. */
  readonly requestTable: ITable | undefined;
  readonly logGroup: ILogGroup;
}

/**
 * The role of the function that pauses processing. It allows access to the event sources of one processor and to the queue of
 * pauses.
 */
export class BreakerRole extends FunctionRole {
  constructor(scope: Construct, id: string, { queue, sources, requestTable, logGroup }: BreakerRoleProps) {
    super(scope, id, { logGroup });
    this.allow(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
      [queue.queueArn],
    );
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.allowKey(queue.encryptionMasterKey, KEY_USES.send);
    this.allowSources(sources);
    if (requestTable) this.allowOperatorPause(requestTable);
  }

  /** Allows switching event sources off and on. */
  allowSources(sources: readonly IEventSourceMapping[]): void {
    this.allow(
      [
        'lambda:GetEventSourceMapping',
        'lambda:UpdateEventSourceMapping',
        'lambda:ListTags',
        'lambda:TagResource',
        'lambda:UntagResource',
      ],
      sources.map(({ eventSourceMappingArn }) => eventSourceMappingArn),
    );
  }
}
