import { Stack } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import type { AsyncServiceProps } from '../../../lib/constructs/index.ts';
import { emptyApp, readable, resource, resources, serviceIn, serviceInApp } from '../service-in-app.ts';

/** A widget of a dashboard, with the properties that the tests use. */
interface Widget {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly properties: {
    readonly title?: string;
    readonly metrics?: readonly (readonly unknown[])[];
    readonly annotations?: { readonly horizontal: readonly { readonly value: number }[] };
  };
}

function widgetsOf(props: Partial<AsyncServiceProps> = {}): Widget[] {
  const template = serviceIn(new Stack(emptyApp(), 'Stack'), {
    ...props,
    observability: { dashboard: true, ...props.observability },
  }).template();
  const { DashboardBody } = resource(template, 'AWS::CloudWatch::Dashboard').properties;
  return JSON.parse(String(readable(DashboardBody))).widgets;
}

/** The namespace and name of every metric on the dashboard. */
function metricsOf(widgets: readonly Widget[]): string[] {
  const rows = widgets.flatMap(({ properties }) => properties.metrics ?? []);
  return [
    ...new Set(rows.filter(([first]) => typeof first === 'string').map((row) => row.slice(0, 2).join(' '))),
  ];
}

it('is off by default', () => {
  const { service, template } = serviceInApp();
  expect(service.dashboard).toBeUndefined();
  expect(resources(template()).map(({ type }) => type)).not.toContain('AWS::CloudWatch::Dashboard');
});

it('shows the queues, the requests and the processor', () => {
  expect(metricsOf(widgetsOf()).toSorted()).toEqual([
    'AWS/DynamoDB ConsumedWriteCapacityUnits',
    'AWS/Lambda ConcurrentExecutions',
    'AWS/Lambda Duration',
    'AWS/Lambda Errors',
    'AWS/Lambda Invocations',
    'AWS/Lambda Throttles',
    'AWS/SQS ApproximateAgeOfOldestMessage',
    'AWS/SQS ApproximateNumberOfMessagesNotVisible',
    'AWS/SQS ApproximateNumberOfMessagesVisible',
    'AWS/SQS NumberOfMessagesSent',
    'Coatcheck Cancelled',
    'Coatcheck DeadLettered',
    'Coatcheck Deferred',
    'Coatcheck EndToEnd',
    'Coatcheck Expired',
    'Coatcheck Failed',
    'Coatcheck Paused',
    'Coatcheck Redelivered',
    'Coatcheck Retried',
    'Coatcheck ServiceTime',
    'Coatcheck Succeeded',
    'Coatcheck Wait',
  ]);
});

it('shows the HTTP API if there is one', () => {
  const api = metricsOf(widgetsOf({ api: {} })).filter((name) => name.startsWith('AWS/ApiGateway'));
  expect(api.toSorted()).toEqual(['4xx', '5xx', 'Count', 'Latency'].map((name) => `AWS/ApiGateway ${name}`));
});

it('shows no metrics of the processor when those are off', () => {
  expect(
    metricsOf(widgetsOf({ observability: { metrics: false } })).filter((name) =>
      name.startsWith('Coatcheck'),
    ),
  ).toEqual([]);
});

it.each([
  [undefined, 500],
  [40, 40],
])('E9: shows the limit of concurrent batches: with maxConcurrency %s it is %i', (maxConcurrency, limit) => {
  const graph = widgetsOf({ queue: { maxConcurrency } }).find(
    ({ properties }) => properties.title === 'Concurrent batches',
  );
  expect(graph?.properties.annotations?.horizontal).toMatchObject([{ value: limit }]);
});

it('computes the cost from the memory and the prices', () => {
  const graph = widgetsOf({ function: { memoryMiB: 2_048 } }).find(({ properties }) =>
    properties.title?.includes('$'),
  );
  const [[shown] = []] = graph?.properties.metrics ?? [];
  const { expression } = shown as { expression: string };
  // One hour with 3,600 invocations of a second and two writes each.
  const known = { duration: 3_600_000, invocations: 3_600, writes: 7_200 };
  const sum = expression
    .replace('FILL(writes, 0)', 'writes')
    .replace(/duration|invocations|writes/g, (name) => String(known[name as keyof typeof known]))
    .split(' + ')
    .map(product)
    .reduce((a, b) => a + b);
  expect(sum).toBeCloseTo(3_600 * 2 * 0.0000133334 + 0.00072 + 0.0045, 6);
});

it('has a layout without overlaps', () => {
  const widgets = widgetsOf({ api: {} });
  expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBe(24);
  expect(new Set(widgets.map(({ x, y }) => `${x} ${y}`)).size).toBe(widgets.length);
});

/** Evaluates `a * b / c` from left to right. */
function product(text: string): number {
  const [first = '', ...rest] = text.split(/ (?=[*/])/);
  return rest.reduce((value, part) => {
    const factor = Number(part.slice(2));
    return part.startsWith('*') ? value * factor : value / factor;
  }, Number(first));
}
