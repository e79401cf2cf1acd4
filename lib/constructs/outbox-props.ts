import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { AsyncService } from './async-service.ts';

/** Configures an `Outbox`. */
export interface OutboxProps {
  /** The service that processes the requests. */
  readonly service: AsyncService;

  /**
   * An existing table, for example that of the application. It may have other items. It has a stream with new images, and its
   * keys are text. If the service keeps order, it is part of the app, and has a sort key and a local secondary index. Nothing
   * looks by itself for rows that its stream didn't deliver: see docs/outbox.md.
   * @default - a new table, with on-demand billing and the key of the service
   */
  readonly table?: ITable;

  /**
   * What the partition keys of rows begin with in an existing table, as `keys.prefix` of `DynamoDbOutbox`: `grantPut` allows no
   * others.
   * @default 'outbox#'
   */
  readonly keyPrefix?: string;
}
