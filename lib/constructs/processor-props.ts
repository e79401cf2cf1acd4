import type { AsyncServiceProps } from './async-service-props.ts';

/** The props that a service behind a front door shares with it. */
export const SHARED_PROPS = [
  'api',
  'payloads',
  'records',
  'webhooks',
  'encryptionKey',
  'removalPolicy',
] as const;

/**
 * Configures a processor of {@link AsyncService.addProcessor}. It has queues, retries and alarms of its own. API, bucket, table,
 * webhooks and keys are those of the service that it is added to, and so is the output queue unless `output` is set.
 */
export interface ProcessorProps extends Omit<AsyncServiceProps, (typeof SHARED_PROPS)[number]> {
  /**
   * The topics of requests that the processor is for, as patterns: a topic like `images.thumbnail`, or one that ends in `*`, which
   * stands for one or more names, like `images.*`. The processor with the closest pattern gets a request.
   */
  readonly topics: readonly string[];
}
