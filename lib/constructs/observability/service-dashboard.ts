import { Duration, Tokenization } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { MetricName } from '../../core/config/metric-names.ts';
import { DOLLARS_A_MILLION_CALLS, LAMBDA_DOLLARS_A_GIB_SECOND } from '../../planner/prices.ts';
import type { RequestApi } from '../request-api.ts';
import { concurrencyProp } from '../settings/service-numbers.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import type { RequestLanes } from '../storage/request-lanes.ts';
import { serviceMetric, successRate } from './service-metrics.ts';

/** Configures a {@link ServiceDashboard}. */
export interface ServiceDashboardProps {
  readonly settings: ServiceSettings;
  readonly inputQueue: IQueue;
  /** Undefined unless there are queues for other priorities. */
  readonly lanes: RequestLanes | undefined;
  readonly deadLetterQueue: IQueue;
  /** Undefined without an output queue. */
  readonly outputQueue: IQueue | undefined;
  readonly requestTable: ITable;
  /** Undefined on Fargate. */
  readonly processor: IFunction | undefined;
  /** Undefined on Lambda. */
  readonly tasks: FargateService | undefined;
  /** Undefined without an HTTP API. */
  readonly api: RequestApi | undefined;
}

const MINUTE = Duration.minutes(1);
const MAXIMUM = { statistic: Stats.MAXIMUM, period: MINUTE };
const SUM = { statistic: Stats.SUM, period: MINUTE };

/** Three graphs in a row of 24 columns. */
const WIDTH = 8;
const FULL_WIDTH = 24;

/** The dashboard of a service: queues, waiting times, failures, the processor and the cost. */
export class ServiceDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: ServiceDashboardProps) {
    super(scope, id);
    const { settings, processor, tasks, requestTable, api } = props;
    this.dashboard = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(3) });
    this.dashboard.addWidgets(
      new TextWidget({ markdown: `# ${settings.serviceName}`, width: FULL_WIDTH, height: 1 }),
    );
    this.dashboard.addWidgets(...queueGraphs(props));
    if (settings.metrics) this.dashboard.addWidgets(...requestGraphs(settings.serviceName));
    if (processor) this.dashboard.addWidgets(...functionGraphs(settings, processor, requestTable));
    if (tasks) this.dashboard.addWidgets(...taskGraphs(settings, tasks));
    if (api) this.dashboard.addWidgets(...apiGraphs(api));
  }
}

function queueGraphs({
  inputQueue,
  lanes,
  deadLetterQueue,
  outputQueue,
}: ServiceDashboardProps): GraphWidget[] {
  return [
    graph('Requests in the input queue', [
      inputQueue.metricApproximateNumberOfMessagesVisible({ ...MAXIMUM, label: 'waiting' }),
      inputQueue.metricApproximateNumberOfMessagesNotVisible({
        ...MAXIMUM,
        label: 'running or waiting for a retry',
      }),
      ...(lanes
        ? [
            lanes.high.metricApproximateNumberOfMessagesVisible({ ...MAXIMUM, label: 'waiting, high' }),
            lanes.low.metricApproximateNumberOfMessagesVisible({ ...MAXIMUM, label: 'waiting, low' }),
          ]
        : []),
    ]),
    graph('Requests accepted', [inputQueue.metricNumberOfMessagesSent({ ...SUM, label: 'accepted' })]),
    graph('Age of the oldest request, s', [
      inputQueue.metricApproximateAgeOfOldestMessage({ ...MAXIMUM, label: 'age' }),
      ...(lanes
        ? [
            lanes.high.metricApproximateAgeOfOldestMessage({ ...MAXIMUM, label: 'age, high' }),
            lanes.low.metricApproximateAgeOfOldestMessage({ ...MAXIMUM, label: 'age, low' }),
          ]
        : []),
    ]),
    graph('Dead letters and waiting outcomes', [
      deadLetterQueue.metricApproximateNumberOfMessagesVisible({ ...MAXIMUM, label: 'dead letters' }),
      ...(outputQueue
        ? [outputQueue.metricApproximateNumberOfMessagesVisible({ ...MAXIMUM, label: 'outcomes' })]
        : []),
    ]),
  ];
}

function requestGraphs(serviceName: string): GraphWidget[] {
  const counted = (name: MetricName) => serviceMetric(serviceName, name, { period: MINUTE, label: name });
  const measured = (name: MetricName) =>
    [50, 90, 99].map((percentile) =>
      serviceMetric(serviceName, name, {
        statistic: Stats.percentile(percentile),
        period: MINUTE,
        label: `p${percentile}`,
      }),
    );
  return [
    graph('Wait, ms', measured('Wait')),
    graph('Service time, ms', measured('ServiceTime')),
    graph('End to end, ms', measured('EndToEnd')),
    graph('Success rate, %', [successRate(serviceName)]),
    graph('Outcomes', (['Succeeded', 'Failed', 'Expired', 'Cancelled'] as const).map(counted)),
    graph(
      'Retries and deferrals',
      (['Retried', 'DeadLettered', 'Redelivered', 'Deferred', 'Paused'] as const).map(counted),
    ),
  ];
}

function functionGraphs(
  settings: ServiceSettings,
  processor: IFunction,
  requestTable: ITable,
): GraphWidget[] {
  return [
    new GraphWidget({
      title: 'Concurrent batches',
      width: WIDTH,
      left: [processor.metric('ConcurrentExecutions', { ...MAXIMUM, label: 'running' })],
      leftAnnotations: [{ value: settings.maxConcurrency, label: concurrencyProp(settings) }],
    }),
    graph('Failed and throttled batches', [
      processor.metricErrors({ ...SUM, label: 'crashed or timed out' }),
      processor.metricThrottles({ ...SUM, label: 'throttled' }),
    ]),
    graph('Lambda and DynamoDB, $ per hour', [hourlyCost(settings, processor, requestTable)]),
  ];
}

function taskGraphs({ serviceName, fargate }: ServiceSettings, tasks: FargateService): GraphWidget[] {
  return [
    new GraphWidget({
      title: 'Running tasks',
      width: WIDTH,
      // Each task reports its CPU once a minute.
      left: [tasks.metricCpuUtilization({ statistic: Stats.SAMPLE_COUNT, period: MINUTE, label: 'running' })],
      leftYAxis: { min: 0 },
      leftAnnotations: fargate ? [{ value: fargate.maxTasks, label: 'host.maxTasks' }] : [],
    }),
    graph('CPU and memory of the busiest task, %', [
      tasks.metricCpuUtilization({ ...MAXIMUM, label: 'CPU' }),
      tasks.metricMemoryUtilization({ ...MAXIMUM, label: 'memory' }),
    ]),
    graph('Slot time, ms', [serviceMetric(serviceName, 'SlotTime', { period: MINUTE, label: 'slot time' })]),
  ];
}

function apiGraphs({ httpApi }: RequestApi): GraphWidget[] {
  const latency = (percentile: number) =>
    httpApi.metricLatency({
      statistic: Stats.percentile(percentile),
      period: MINUTE,
      label: `p${percentile}`,
    });
  return [
    graph('API: latency, ms', [latency(50), latency(99)]),
    graph('API: calls', [httpApi.metricCount({ ...SUM, label: 'calls' })]),
    graph('API: errors', [
      httpApi.metricClientError({ ...SUM, label: '4xx' }),
      httpApi.metricServerError({ ...SUM, label: '5xx' }),
    ]),
  ];
}

/** The cost that follows from metrics. It excludes S3 and SQS, which are billed by calls that have no free metric. */
function hourlyCost({ memoryMiB }: ServiceSettings, processor: IFunction, table: ITable): IMetric {
  const hourly = { statistic: Stats.SUM, period: Duration.hours(1) };
  const gibSeconds = `duration / 1000 * ${Tokenization.stringifyNumber(memoryMiB)} / 1024`;
  return new MathExpression({
    label: 'Lambda and DynamoDB',
    period: hourly.period,
    expression: [
      `${gibSeconds} * ${LAMBDA_DOLLARS_A_GIB_SECOND}`,
      `invocations * ${DOLLARS_A_MILLION_CALLS.Lambda} / 1000000`,
      `FILL(writes, 0) * ${DOLLARS_A_MILLION_CALLS['DynamoDB write']} / 1000000`,
    ].join(' + '),
    usingMetrics: {
      duration: processor.metricDuration(hourly),
      invocations: processor.metricInvocations(hourly),
      writes: new Metric({
        namespace: 'AWS/DynamoDB',
        metricName: 'ConsumedWriteCapacityUnits',
        dimensionsMap: { TableName: table.tableName },
        ...hourly,
      }),
    },
  });
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, width: WIDTH, left, leftYAxis: { min: 0 } });
}
