import { Duration, Tokenization } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { emulatorEndpoint } from '../emulated-aws.ts';
import type { RequestApi } from '../request-api.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { letAlarmsPublish } from './alarm-topic.ts';
import { serviceMetric, successRate } from './service-metrics.ts';

/** What {@link ServiceAlarms} watch. */
export interface ServiceAlarmsProps {
  readonly settings: ServiceSettings;
  readonly inputQueue: IQueue;
  readonly deadLetterQueue: IQueue;
  /** Absent where the output queue is the user's own. */
  readonly outputDeadLetterQueue: IQueue | undefined;
  /** Absent where there are no webhooks. */
  readonly webhookDeadLetterQueue: IQueue | undefined;
  /** Absent where no pauses are made. */
  readonly pauseDeadLetterQueue: IQueue | undefined;
  readonly processor: IFunction;
  /** Absent where there is no HTTP API. */
  readonly api: RequestApi | undefined;
  /** Told when an alarm is raised. */
  readonly topic: ITopic | undefined;
}

/** The worst minute counts. */
const EVERY_MINUTE = { statistic: Stats.MAXIMUM, period: Duration.minutes(1) };

/** The longest pause: while something stays down the alarm stays raised. */
const PAUSED_PERIOD = Duration.seconds(NUMBER_SETTINGS.pauseSeconds.max);

/** Trouble that is over by itself within so many minutes is none. */
const LASTING = { evaluationPeriods: 3, datapointsToAlarm: 3 };

/** A success rate below it is told of, in percent: that many requests can hardly all be the senders' fault. */
const LOWEST_SUCCESS_RATE = 50;

/** Fewer requests than that in a minute make no rate. */
const FEWEST_REQUESTS = 10;

/** The alarms of a service: what was given up, waits too long, fails too often, breaks or is held up. */
export class ServiceAlarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    const { settings, inputQueue, deadLetterQueue, outputDeadLetterQueue, processor, api, topic } = props;
    const { webhookDeadLetterQueue, pauseDeadLetterQueue } = props;
    this.all = [
      this.onDeadLetters(settings, deadLetterQueue),
      ...(outputDeadLetterQueue ? [this.onOutputDeadLetters(settings, outputDeadLetterQueue)] : []),
      ...(webhookDeadLetterQueue ? [this.onWebhookDeadLetters(settings, webhookDeadLetterQueue)] : []),
      ...(pauseDeadLetterQueue ? [this.onPauseDeadLetters(settings, pauseDeadLetterQueue)] : []),
      ...(pauseDeadLetterQueue && settings.metrics ? [this.onPaused(settings)] : []),
      this.onOldestRequest(settings, inputQueue),
      this.onThrottles(settings, processor),
      // Emulators know no alarms on metric math, and refuse to deploy them.
      ...(settings.metrics && !emulatorEndpoint() ? [this.onSuccessRate(settings)] : []),
      ...(api
        ? [
            this.onApiErrors(settings, api.function),
            this.onApiThrottles(settings, api.function),
            this.onApiServerErrors(settings, api.httpApi),
          ]
        : []),
    ];
    if (!topic) return;
    letAlarmsPublish(this, topic);
    for (const alarm of this.all) alarm.addAlarmAction(new SnsAction(topic));
  }

  private onDeadLetters({ serviceName }: ServiceSettings, deadLetterQueue: IQueue): Alarm {
    return this.alarm('DeadLetters', messagesIn(deadLetterQueue), 1, [
      `Every attempt at a request of ${serviceName} failed, so it was given up.`,
      'Its failure is published, its message in the dead-letter queue: npx coatcheck dead-letters list says why.',
      'Fix the cause, then put it back: npx coatcheck dead-letters redrive.',
    ]);
  }

  private onOutputDeadLetters({ serviceName }: ServiceSettings, outputDeadLetterQueue: IQueue): Alarm {
    return this.alarm('OutputDeadLetters', messagesIn(outputDeadLetterQueue), 1, [
      `A consumer of ${serviceName} received an outcome again and again and never deleted it.`,
      'The outcome is in the output dead-letter queue.',
      'Fix the consumer, then redrive the queue.',
    ]);
  }

  private onWebhookDeadLetters({ serviceName }: ServiceSettings, webhookDeadLetterQueue: IQueue): Alarm {
    return this.alarm('WebhookDeadLetters', messagesIn(webhookDeadLetterQueue), 1, [
      `A webhook of ${serviceName} was tried for three days and not taken, or could not be handled.`,
      "It is in the webhooks' dead-letter queue, the reason in the log of the function that delivers them.",
      'Once its receiver is well, redrive the queue: each is tried once more.',
    ]);
  }

  private onPauseDeadLetters({ serviceName }: ServiceSettings, pauseDeadLetterQueue: IQueue): Alarm {
    return this.alarm('PauseDeadLetters', messagesIn(pauseDeadLetterQueue), 1, [
      `The event source of ${serviceName} could not be paused or resumed: processing may stand still.`,
      'Enable the event source by hand; the reason is in the log of the circuit breaker.',
      'Then purge the dead-letter queue of pauses: what it says is out of date.',
    ]);
  }

  private onPaused({ serviceName }: ServiceSettings): Alarm {
    const metric = serviceMetric(serviceName, 'Paused', { period: PAUSED_PERIOD });
    return this.alarm('Paused', metric, 1, [
      `Processing of ${serviceName} was paused: what every request needs is down, or was.`,
      'The log of the circuit breaker says what was found. Requests wait, no attempts are used up, and when it is back',
      'they go on by themselves, after a quarter of an hour at most; to make it sooner, enable the event source by hand.',
    ]);
  }

  private onOldestRequest(
    { serviceName, oldestRequestAlarmSeconds: age }: ServiceSettings,
    inputQueue: IQueue,
  ): Alarm {
    const metric = inputQueue.metricApproximateAgeOfOldestMessage(EVERY_MINUTE);
    return this.alarm('OldestRequest', metric, age, [
      `A request of ${serviceName} has been waiting for ${Tokenization.stringifyNumber(age)} seconds or more.`,
      'Either more comes in than queue.maxConcurrency and the account let through, or attempts fail:',
      "see the processor's throttles, errors and duration.",
    ]);
  }

  private onThrottles({ serviceName }: ServiceSettings, processor: IFunction): Alarm {
    const metric = processor.metricThrottles({ statistic: Stats.SUM, period: Duration.minutes(1) });
    const description = [
      `Lambda has been putting off batches of ${serviceName} for three minutes, for want of concurrency.`,
      'Requests wait longer, and those put off again and again are given up untried.',
      'Ask AWS for more concurrency, see what else in the account takes it, or set queue.maxConcurrency below what is left.',
    ];
    return this.alarm('Throttles', metric, 1, description, LASTING);
  }

  private onSuccessRate({ serviceName }: ServiceSettings): Alarm {
    const metric = successRate(serviceName, FEWEST_REQUESTS);
    const description = [
      `Fewer than ${LOWEST_SUCCESS_RATE}% of the requests of ${serviceName} succeeded, three minutes running.`,
      "The processor's log has a line for each with its code; the metric Failed tells them apart by code.",
      'If the processor or what it calls is at fault, fix that and redrive; if the senders are, contact them.',
    ];
    return this.alarm('SuccessRate', metric, LOWEST_SUCCESS_RATE, description, {
      ...LASTING,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    });
  }

  private onApiErrors({ serviceName }: ServiceSettings, apiFunction: IFunction): Alarm {
    const metric = apiFunction.metricErrors({ statistic: Stats.SUM, period: Duration.minutes(1) });
    return this.alarm('ApiErrors', metric, 1, [
      `A call of the HTTP API of ${serviceName} crashed or timed out, and its client was answered with a 5xx.`,
      "The reason is in the log of the API's function.",
      'A client may call again: with its Idempotency-Key nothing is done twice.',
    ]);
  }

  /** Lambda counts a call that it throttles as no error: the function doesn't run. */
  private onApiThrottles({ serviceName }: ServiceSettings, apiFunction: IFunction): Alarm {
    const metric = apiFunction.metricThrottles({ statistic: Stats.SUM, period: Duration.minutes(1) });
    return this.alarm('ApiThrottles', metric, 1, [
      `Lambda throttled calls of the HTTP API of ${serviceName}, whose clients were answered with a 503.`,
      'The account has too little concurrency left: see what takes it, lower queue.maxConcurrency, or ask AWS for more.',
    ]);
  }

  private onApiServerErrors({ serviceName }: ServiceSettings, httpApi: HttpApi): Alarm {
    const metric = httpApi.metricServerError({ statistic: Stats.SUM, period: Duration.minutes(1) });
    const description = [
      `The HTTP API of ${serviceName} has answered with a 5xx for three minutes.`,
      'Where the alarms ApiErrors and ApiThrottles are quiet, it refuses requests by 503 because more comes in than can',
      'be done within api.maxWait, or API Gateway itself fails: the access log has each call with its status and error.',
    ];
    return this.alarm('ApiServerErrors', metric, 1, description, LASTING);
  }

  private alarm(
    id: string,
    metric: IMetric,
    threshold: number,
    description: readonly string[],
    more: Partial<AlarmProps> = {},
  ): Alarm {
    return new Alarm(this, id, {
      metric,
      threshold,
      alarmDescription: description.join(' '),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      // What nobody used for hours has no data: that is no alarm.
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...more,
    });
  }
}

/** Messages there are: moving one to a dead-letter queue doesn't count as sending it. */
function messagesIn(queue: IQueue): Metric {
  return queue.metricApproximateNumberOfMessagesVisible(EVERY_MINUTE);
}
