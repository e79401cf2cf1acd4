import { Duration, Token, Tokenization } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { type Alarm, ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { wholeDuration } from '../../core/base/time.ts';
import { ALARM_TEXTS } from '../../core/config/alarm-texts.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { emulatorEndpoint } from '../emulated-aws.ts';
import type { Release } from '../release.ts';
import type { RequestApi } from '../request-api.ts';
import { concurrencyProp } from '../settings/service-numbers.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import type { RequestLanes } from '../storage/request-lanes.ts';
import { allowAlarmsToPublish } from './alarm-topic.ts';
import { MINUTE_MAXIMUM, messagesIn, newAlarm } from './new-alarm.ts';
import { serviceMetric, successRate } from './service-metrics.ts';

/** Configures {@link ServiceAlarms}. */
export interface ServiceAlarmsProps {
  readonly settings: ServiceSettings;
  readonly inputQueue: IQueue;
  /** Undefined unless there are queues for other priorities. */
  readonly lanes: RequestLanes | undefined;
  readonly deadLetterQueue: IQueue;
  /** Undefined if the output queue is an existing queue. */
  readonly outputDeadLetterQueue: IQueue | undefined;
  /** Undefined unless outcomes fan out. */
  readonly outcomeTopic: ITopic | undefined;
  /** Undefined without webhooks. */
  readonly webhookDeadLetterQueue: IQueue | undefined;
  readonly hasWebhookEndpoints: boolean;
  /** Undefined if pauses don't disable the event source. */
  readonly pauseDeadLetterQueue: IQueue | undefined;
  /** Undefined if S3 notifies the input queue. */
  readonly uploadDeadLetterQueue: IQueue | undefined;
  /** Undefined without sources besides the input queue. */
  readonly relay: IFunction | undefined;
  /** Undefined on Fargate. */
  readonly processor: IFunction | undefined;
  /** Undefined on Lambda. */
  readonly tasks: FargateService | undefined;
  /** Undefined without releases. */
  readonly release: Release | undefined;
  /** Undefined without an HTTP API. */
  readonly api: RequestApi | undefined;
  /** Undefined without audits. */
  readonly audit: IFunction | undefined;
  /** Notified when an alarm fires. */
  readonly topic: ITopic | undefined;
}

/** The longest pause, so that the alarm stays on while something remains unavailable. */
const PAUSED_PERIOD = Duration.seconds(NUMBER_SETTINGS.pauseSeconds.max);

/** The alarm fires only if the problem lasts this many minutes. */
const SUSTAINED = { evaluationPeriods: 3, datapointsToAlarm: 3 };

/** In percent. If more requests fail, the cause is probably not in the requests. */
const MIN_SUCCESS_RATE_PERCENT = 50;

/** With fewer requests in a minute, the success rate counts as 100%. */
const MIN_REQUESTS = 10;

/** In percent. A task that needs more than all of its memory is killed. */
const MAX_MEMORY_PERCENT = 90;

/** The alarms of a service: on dead letters, long waits, low success rates, errors, throttling and pauses. */
export class ServiceAlarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ServiceAlarmsProps) {
    super(scope, id);
    const { settings, inputQueue, deadLetterQueue, outputDeadLetterQueue, processor, tasks, api, topic } =
      props;
    const { webhookDeadLetterQueue, pauseDeadLetterQueue, uploadDeadLetterQueue } = props;
    this.all = [
      this.onDeadLetters(settings, deadLetterQueue),
      ...(outputDeadLetterQueue ? [this.onOutputDeadLetters(settings, outputDeadLetterQueue)] : []),
      ...(props.outcomeTopic ? [this.onUndeliveredOutcomes(settings, props.outcomeTopic)] : []),
      ...(webhookDeadLetterQueue ? [this.onWebhookDeadLetters(settings, webhookDeadLetterQueue)] : []),
      ...(props.hasWebhookEndpoints && settings.metrics ? [this.onDisabledEndpoints(settings)] : []),
      ...(pauseDeadLetterQueue ? [this.onPauseDeadLetters(settings, pauseDeadLetterQueue)] : []),
      ...(pauseDeadLetterQueue && settings.metrics ? [this.onPaused(settings)] : []),
      ...(api?.schedules ? [this.onScheduleDeadLetters(settings, api.schedules.deadLetterQueue)] : []),
      ...(api?.batches ? [this.onBatchDeadLetters(settings, api.batches.deadLetterQueue)] : []),
      ...(api?.actions ? [this.onActionErrors(settings, api.actions.function)] : []),
      ...(uploadDeadLetterQueue ? [this.onUploadDeadLetters(settings, uploadDeadLetterQueue)] : []),
      ...(props.relay ? [this.onRelayErrors(settings, props.relay)] : []),
      ...(props.audit ? [this.onDrift(settings), this.onAuditErrors(settings, props.audit)] : []),
      this.onOldestRequest(settings, 'OldestRequest', inputQueue),
      ...(props.lanes
        ? [
            this.onOldestRequest(settings, 'OldestHighRequest', props.lanes.high, 'high'),
            this.onOldestRequest(settings, 'OldestLowRequest', props.lanes.low, 'low'),
          ]
        : []),
      ...(processor ? [this.onThrottles(settings, processor)] : []),
      ...(tasks ? [this.onMemory(settings, tasks)] : []),
      // Emulators reject alarms on metric math.
      ...(settings.metrics && !emulatorEndpoint() ? [this.onSuccessRate(settings)] : []),
      ...(props.release?.alarms ?? []),
      ...(api
        ? [
            this.onApiErrors(settings, api.function),
            this.onApiThrottles(settings, api.function),
            this.onApiServerErrors(settings, api.httpApi),
          ]
        : []),
    ];
    if (!topic) return;
    allowAlarmsToPublish(this, topic);
    for (const alarm of this.all) alarm.addAlarmAction(new SnsAction(topic));
  }

  private onDeadLetters({ serviceName }: ServiceSettings, deadLetterQueue: IQueue): Alarm {
    const description = ALARM_TEXTS.DeadLetters(serviceName);
    return newAlarm(this, 'DeadLetters', messagesIn(deadLetterQueue), 1, description);
  }

  private onOutputDeadLetters({ serviceName }: ServiceSettings, outputDeadLetterQueue: IQueue): Alarm {
    return newAlarm(this, 'OutputDeadLetters', messagesIn(outputDeadLetterQueue), 1, [
      `A consumer of ${serviceName} received an outcome several times without deleting it.`,
      'The outcome is in the dead-letter queue of the output queue.',
      'Fix the consumer, then redrive the queue.',
    ]);
  }

  private onUndeliveredOutcomes({ serviceName }: ServiceSettings, outcomeTopic: ITopic): Alarm {
    const metric = outcomeTopic.metricNumberOfNotificationsFailed({
      statistic: Stats.SUM,
      period: Duration.minutes(1),
    });
    return newAlarm(this, 'UndeliveredOutcomes', metric, 1, [
      `SNS could not deliver outcomes of ${serviceName} to a queue that is subscribed to them.`,
      'The queue is gone, or its policy or the policy of its key does not let SNS send. They are in the dead-letter queue of the',
      'subscription. Fix the cause, then redrive that queue.',
    ]);
  }

  private onWebhookDeadLetters({ serviceName }: ServiceSettings, webhookDeadLetterQueue: IQueue): Alarm {
    return newAlarm(this, 'WebhookDeadLetters', messagesIn(webhookDeadLetterQueue), 1, [
      ...ALARM_TEXTS.WebhookDeadLetters(serviceName),
      'It is in the dead-letter queue of webhooks; the log of the webhook function has the reason.',
      'When the receiver works again, run: npx coatcheck webhooks replay. Each webhook is sent once more. If it is gone for good:',
      'npx coatcheck webhooks purge.',
    ]);
  }

  private onDisabledEndpoints({ serviceName }: ServiceSettings): Alarm {
    const metric = serviceMetric(serviceName, 'WebhookEndpointsDisabled', { period: Duration.minutes(1) });
    return newAlarm(this, 'WebhookEndpointsDisabled', metric, 1, [
      `A webhook endpoint of ${serviceName} was disabled: its receiver answered 410, or accepted nothing for three days.`,
      'The log of the webhook function has its id and the reason. When the receiver works again, run: npx coatcheck webhooks',
      'endpoints update ID --enable. To send what it missed, run: npx coatcheck webhooks endpoints replay ID.',
    ]);
  }

  private onPauseDeadLetters({ serviceName }: ServiceSettings, pauseDeadLetterQueue: IQueue): Alarm {
    return newAlarm(this, 'PauseDeadLetters', messagesIn(pauseDeadLetterQueue), 1, [
      `The event source of ${serviceName} could not be paused or resumed, so processing may have stopped.`,
      'Enable the event source manually; the log of the circuit breaker has the reason.',
      'Then purge the dead-letter queue of pauses: its messages are out of date.',
    ]);
  }

  private onScheduleDeadLetters({ serviceName }: ServiceSettings, deadLetterQueue: IQueue): Alarm {
    return newAlarm(this, 'ScheduleDeadLetters', messagesIn(deadLetterQueue), 1, [
      `EventBridge Scheduler could not send scheduled requests to the input queue of ${serviceName}, or runs of schedules failed,`,
      'so these requests never started. The attributes of a message have the reason. If its body has a MessageBody, send that to the',
      'input queue. For others, read the log of the function of the schedules.',
    ]);
  }

  private onBatchDeadLetters({ serviceName }: ServiceSettings, deadLetterQueue: IQueue): Alarm {
    return newAlarm(this, 'BatchDeadLetters', messagesIn(deadLetterQueue), 1, [
      `Changes of requests in batches of ${serviceName} could not be counted for hours, so these batches end late.`,
      'The log of the function of the batches has the reason. When the cause is fixed, the batches are counted again within an hour;',
      'then purge the dead-letter queue of the batches.',
    ]);
  }

  private onActionErrors({ serviceName }: ServiceSettings, actionFunction: IFunction): Alarm {
    const metric = actionFunction.metricErrors({ statistic: Stats.SUM, period: Duration.minutes(1) });
    return newAlarm(this, 'ActionErrors', metric, 1, [
      `A step of an action on many requests of ${serviceName} failed. It is retried within 17 minutes.`,
      'The log of the function of the actions has the reason. To abandon the action, run: npx coatcheck actions abort ID.',
    ]);
  }

  private onUploadDeadLetters({ serviceName }: ServiceSettings, uploadDeadLetterQueue: IQueue): Alarm {
    return newAlarm(this, 'UploadDeadLetters', messagesIn(uploadDeadLetterQueue), 1, [
      `Uploads could not be relayed to the input queue of ${serviceName}, so their requests never started.`,
      'The log of the relay function has the reason. Then redrive the dead-letter queue of uploads.',
    ]);
  }

  private onRelayErrors({ serviceName }: ServiceSettings, relay: IFunction): Alarm {
    const metric = relay.metricErrors({ period: Duration.minutes(1) });
    return newAlarm(this, 'RelayErrors', metric, 1, [
      `Messages of another queue system could not be relayed to the input queue of ${serviceName}.`,
      'Lambda delivers the batch again until it is relayed, and the messages behind it wait. The log of the relay function',
      'has the reason.',
    ]);
  }

  private onDrift({ serviceName }: ServiceSettings): Alarm {
    const metric = serviceMetric(serviceName, 'LedgerDrift', MINUTE_MAXIMUM);
    const description = [
      ...ALARM_TEXTS.LedgerDrift(serviceName),
      'The log of the audit function names each of them and says what to do; so does: npx coatcheck audit. The alarm ends with an',
      'audit that finds none.',
    ];
    return newAlarm(this, 'LedgerDrift', metric, 1, description, {
      // Between two audits, it stays as it is.
      treatMissingData: TreatMissingData.IGNORE,
    });
  }

  private onAuditErrors({ serviceName }: ServiceSettings, audit: IFunction): Alarm {
    const metric = audit.metricErrors({ statistic: Stats.SUM, period: Duration.minutes(1) });
    return newAlarm(this, 'AuditErrors', metric, 1, [
      `An audit of ${serviceName} did not check all requests, so it can't say whether some are lost.`,
      'The log of the audit function has the reason. If there are too many requests for a function, run: npx coatcheck audit.',
    ]);
  }

  private onPaused({ serviceName }: ServiceSettings): Alarm {
    const metric = serviceMetric(serviceName, 'Paused', { period: PAUSED_PERIOD });
    return newAlarm(this, 'Paused', metric, 1, [
      ...ALARM_TEXTS.Paused(serviceName),
      'The log of the circuit breaker has the reason. Requests wait without using up attempts. Processing resumes',
      'automatically at most 15 minutes after the cause is gone; to resume it earlier, enable the event source manually.',
    ]);
  }

  private onOldestRequest(
    settings: ServiceSettings,
    id: string,
    queue: IQueue,
    lane?: 'high' | 'low',
  ): Alarm {
    const { serviceName, oldestRequestAlarmSeconds: age } = settings;
    const metric = queue.metricApproximateAgeOfOldestMessage(MINUTE_MAXIMUM);
    const concurrency = lane ? `queue.lanes.${lane}MaxConcurrency` : concurrencyProp(settings);
    return newAlarm(this, id, metric, age, [
      ...ALARM_TEXTS.OldestRequest(
        `${serviceName}${lane ? ` of ${lane} priority` : ''}`,
        Token.isUnresolved(age) ? `${Tokenization.stringifyNumber(age)} seconds` : wholeDuration(age),
      ),
      ...(settings.fargate
        ? [
            "Either more requests arrive than host.maxTasks and host.concurrency allow to process, or tasks can't start, or",
            'attempts fail. Check the events of the ECS service and the log of the processor.',
          ]
        : [
            `Either more requests arrive than ${concurrency} and the account allow to process, or attempts fail.`,
            'Check the throttles, errors and duration of the processor.',
          ]),
    ]);
  }

  private onMemory({ serviceName }: ServiceSettings, tasks: FargateService): Alarm {
    const metric = tasks.metricMemoryUtilization(MINUTE_MAXIMUM);
    const description = [
      `A task of ${serviceName} has used ${MAX_MEMORY_PERCENT}% of its memory for three minutes.`,
      'A task that needs more than all of it is killed, and its requests run again, one at a time.',
      'Lower host.concurrency, or raise host.memoryLimitMiB.',
    ];
    return newAlarm(this, 'Memory', metric, MAX_MEMORY_PERCENT, description, SUSTAINED);
  }

  private onThrottles(settings: ServiceSettings, processor: IFunction): Alarm {
    const metric = processor.metricThrottles({ statistic: Stats.SUM, period: Duration.minutes(1) });
    const description = [
      `Lambda has throttled batches of ${settings.serviceName} for three minutes because the account has no concurrency left.`,
      'Requests wait longer, and requests that are throttled many times fail without an attempt.',
      `Request more concurrency from AWS, find what else uses it, or set ${concurrencyProp(settings)} below what is left.`,
    ];
    return newAlarm(this, 'Throttles', metric, 1, description, SUSTAINED);
  }

  private onSuccessRate({ serviceName }: ServiceSettings): Alarm {
    const metric = successRate(serviceName, MIN_REQUESTS);
    const description = [
      `Fewer than ${MIN_SUCCESS_RATE_PERCENT}% of the requests of ${serviceName} succeeded for three minutes in a row.`,
      'The log of the processor has a line with the code of each failure; the metric Failed has a dimension for the code.',
      'If the processor or a system that it calls is the cause, fix it and redrive. If the requests are invalid, contact',
      'the senders.',
    ];
    return newAlarm(this, 'SuccessRate', metric, MIN_SUCCESS_RATE_PERCENT, description, {
      ...SUSTAINED,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    });
  }

  private onApiErrors({ serviceName }: ServiceSettings, apiFunction: IFunction): Alarm {
    const metric = apiFunction.metricErrors({ statistic: Stats.SUM, period: Duration.minutes(1) });
    return newAlarm(this, 'ApiErrors', metric, 1, [
      `A call of the HTTP API of ${serviceName} crashed or timed out, and the client received a 5xx status.`,
      'The log of the API function has the reason.',
      'The client can repeat the call: with the same Idempotency-Key, nothing is done twice.',
    ]);
  }

  /** A throttled call isn't an error of the function, because the function doesn't run. */
  private onApiThrottles(settings: ServiceSettings, apiFunction: IFunction): Alarm {
    const metric = apiFunction.metricThrottles({ statistic: Stats.SUM, period: Duration.minutes(1) });
    return newAlarm(this, 'ApiThrottles', metric, 1, [
      `Lambda throttled calls of the HTTP API of ${settings.serviceName}, and the clients received the status 503.`,
      `The account has too little concurrency left. Find what uses it, lower ${concurrencyProp(settings)}, or request more from AWS.`,
    ]);
  }

  private onApiServerErrors({ serviceName }: ServiceSettings, httpApi: HttpApi): Alarm {
    const metric = httpApi.metricServerError({ statistic: Stats.SUM, period: Duration.minutes(1) });
    const description = [
      `The HTTP API of ${serviceName} has answered with a 5xx status for three minutes.`,
      'Unless the alarms ApiErrors and ApiThrottles also fired, either the API rejects requests with 503 because more arrive',
      'than can be done within api.maxWait, or API Gateway fails. The access log has the status and error of each call.',
    ];
    return newAlarm(this, 'ApiServerErrors', metric, 1, description, SUSTAINED);
  }
}
