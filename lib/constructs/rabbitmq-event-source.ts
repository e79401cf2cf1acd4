import { createHash } from 'node:crypto';
import { Duration, Stack, Token } from 'aws-cdk-lib';
import { CfnEventSourceMapping, type IEventSource, type IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { ConfigurationError } from '../core/base/errors.ts';
import { NUMBER, objectOf, required, TEXT } from '../core/config/shape.ts';
import { RelayRole } from './functions/relay-role.ts';
import { assertProps } from './settings/assert-props.ts';
import { DURATION, propsProblems, SECRET } from './settings/cdk-shapes.ts';

/** Configures a {@link RabbitMqEventSource}. */
export interface RabbitMqEventSourceProps {
  /** The ARN of the broker in Amazon MQ, in the account and region of the service. */
  readonly brokerArn: string;

  /** The name of the queue in RabbitMQ. */
  readonly queueName: string;

  /** A secret with the JSON members `username` and `password`. Amazon MQ's event sources support no other login. */
  readonly credentials: ISecret;

  /** @default '/' */
  readonly virtualHost?: string;

  /**
   * Most messages in a batch: 1 to 10,000.
   * @default 100
   */
  readonly batchSize?: number;

  /**
   * How long Lambda waits for a batch to fill: 0 to 300 seconds.
   * @default Duration.millis(500)
   */
  readonly maxBatchingWindow?: Duration;
}

const PROPS = objectOf<RabbitMqEventSourceProps>({
  brokerArn: required(TEXT),
  queueName: required(TEXT),
  credentials: required(SECRET),
  virtualHost: TEXT,
  batchSize: NUMBER,
  maxBatchingWindow: DURATION,
});

const MAX_BATCH_SIZE = 10_000;
const MAX_WINDOW = Duration.seconds(300);

/**
 * A queue of RabbitMQ in Amazon MQ, for `queue.sources` of an `AsyncService`. Lambda runs one invocation at a time for it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html
 */
export class RabbitMqEventSource implements IEventSource {
  readonly #props: RabbitMqEventSourceProps;

  /** @throws ConfigurationError that lists every invalid prop with the allowed values and the actual value */
  constructor(props: RabbitMqEventSourceProps) {
    assertProps('RabbitMqEventSource', propsProblems(PROPS, props));
    assertProps('RabbitMqEventSource', problemsOf(props));
    this.#props = props;
  }

  /** Called by the service. @throws ConfigurationError for any other function than the relay of a service */
  bind(target: IFunction): void {
    const {
      brokerArn,
      queueName,
      credentials,
      virtualHost = '/',
      batchSize,
      maxBatchingWindow,
    } = this.#props;
    const { role } = target;
    if (!(role instanceof RelayRole)) {
      throw new ConfigurationError(
        `A RabbitMqEventSource must be one of queue.sources of an AsyncService, got the function ${target.node.path}`,
      );
    }
    const broker = createHash('sha256')
      .update(JSON.stringify(Stack.of(target).resolve(brokerArn)))
      .digest('hex');
    const mapping = new CfnEventSourceMapping(
      target,
      `RabbitMq:${queueName}@${virtualHost}:${broker.slice(0, 8)}`,
      {
        functionName: target.functionName,
        eventSourceArn: brokerArn,
        queues: [queueName],
        sourceAccessConfigurations: [
          { type: 'BASIC_AUTH', uri: credentials.secretArn },
          { type: 'VIRTUAL_HOST', uri: virtualHost },
        ],
        batchSize,
        maximumBatchingWindowInSeconds: maxBatchingWindow?.toSeconds(),
      },
    );
    role.allowBroker(brokerArn, credentials);
    mapping.node.addDependency(role);
  }
}

function problemsOf(props: RabbitMqEventSourceProps): string[] {
  const { queueName, virtualHost = '/', batchSize, maxBatchingWindow } = props;
  const problems: string[] = [];
  if (queueName === '') problems.push('queueName must be the name of a queue, got nothing');
  if (virtualHost === '')
    problems.push("virtualHost must be the name of a virtual host such as '/', got nothing");
  if (batchSize !== undefined && !Token.isUnresolved(batchSize) && !isWithin(batchSize, 1, MAX_BATCH_SIZE)) {
    problems.push(`batchSize must be a whole number from 1 to ${MAX_BATCH_SIZE}, got ${batchSize}`);
  }
  const window = maxBatchingWindow?.toMilliseconds() ?? 0;
  if (!Token.isUnresolved(window) && window > MAX_WINDOW.toMilliseconds()) {
    problems.push(
      `maxBatchingWindow must be at most ${MAX_WINDOW.toHumanString()}, got ${maxBatchingWindow?.toHumanString()}`,
    );
  }
  return problems;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
