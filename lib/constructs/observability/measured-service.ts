import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConfigurationError } from '../../core/base/errors.ts';
import type { MetricName } from '../../core/config/metric-names.ts';
import { serviceMetric } from './service-metrics.ts';

/** The metrics of a service: of its queues, its function, and those that the processor publishes. */
export abstract class MeasuredService extends Construct {
  abstract readonly inputQueue: IQueue;
  abstract readonly deadLetterQueue: IQueue;
  abstract readonly outputDeadLetterQueue: Queue | undefined;
  abstract get outputQueue(): IQueue;
  abstract get processorFunction(): NodejsFunction;
  /** The name of the service in its metrics. */
  protected abstract get metricServiceName(): string;

  /**
   * Accepted requests, however they were submitted. Redriven requests count again. With `queue.lanes`, those of normal priority.
   * @default - sum over 5 minutes
   */
  metricAccepted(options?: MetricOptions): Metric {
    return this.inputQueue.metricNumberOfMessagesSent(options);
  }

  /**
   * Requests that wait for an attempt. With `queue.lanes`, those of normal priority.
   * @default - maximum over 5 minutes
   */
  metricQueueDepth(options?: MetricOptions): Metric {
    return this.inputQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /** Requests being processed, and those that wait for the delay of a retry. @default - maximum over 5 minutes */
  metricInFlight(options?: MetricOptions): Metric {
    return this.inputQueue.metricApproximateNumberOfMessagesNotVisible(options);
  }

  /**
   * Age of the oldest waiting request in seconds. SQS ignores messages that were received three times or more.
   * @default - maximum over 5 minutes
   */
  metricAgeOfOldestRequest(options?: MetricOptions): Metric {
    return this.inputQueue.metricApproximateAgeOfOldestMessage(options);
  }

  /** Messages in the dead-letter queue. @default - maximum over 5 minutes */
  metricDeadLetters(options?: MetricOptions): Metric {
    return this.deadLetterQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /** Outcomes that wait for a consumer. @default - maximum over 5 minutes */
  metricOutputDepth(options?: MetricOptions): Metric {
    return this.outputQueue.metricApproximateNumberOfMessagesVisible(options);
  }

  /**
   * Messages in the dead-letter queue of the output queue.
   * @default - maximum over 5 minutes
   * @throws ConfigurationError if `output` is false, or if `output.queue` is an existing queue, whose dead-letter queue is unknown
   */
  metricOutputDeadLetters(options?: MetricOptions): Metric {
    const { outputQueue, outputDeadLetterQueue } = this;
    if (outputDeadLetterQueue) return outputDeadLetterQueue.metricApproximateNumberOfMessagesVisible(options);
    throw new ConfigurationError(
      `${this.node.path} has no output dead-letter queue, because output.queue is an existing queue, ${outputQueue.node.path}: use the metrics of its own dead-letter queue`,
    );
  }

  /** Processed batches. @default - sum over 5 minutes @throws ConfigurationError on Fargate */
  metricInvocations(options?: MetricOptions): Metric {
    return this.processorFunction.metricInvocations(options);
  }

  /**
   * Batches that crashed or timed out. A failed request is an outcome, not an error.
   * @default - sum over 5 minutes
   * @throws ConfigurationError on Fargate
   */
  metricErrors(options?: MetricOptions): Metric {
    return this.processorFunction.metricErrors(options);
  }

  /** Batches that Lambda throttled. @default - sum over 5 minutes @throws ConfigurationError on Fargate */
  metricThrottles(options?: MetricOptions): Metric {
    return this.processorFunction.metricThrottles(options);
  }

  /** Duration of a batch in milliseconds. @default - average over 5 minutes @throws ConfigurationError on Fargate */
  metricDuration(options?: MetricOptions): Metric {
    return this.processorFunction.metricDuration(options);
  }

  /**
   * A metric that the processor publishes; see docs/operations.md.
   * @default - the sum of a count or the average of a measurement, over 5 minutes
   */
  metric(name: MetricName, options?: MetricOptions): Metric {
    return serviceMetric(this.metricServiceName, name, options);
  }
}
