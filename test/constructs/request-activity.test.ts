import { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { readApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { nagFindingsIn, nagIt } from './nag-findings.ts';
import { emptyApp, readable, resource, serviceIn, serviceInApp } from './service-in-app.ts';

/** The statements of the API's role about metrics. */
function metricStatements(template: Template): unknown[] {
  const { Statement } = resource(template, 'AWS::IAM::Policy', 'ServiceApiFunctionRole').properties
    .PolicyDocument;
  const statements = readable(Statement) as { Action: string | string[] }[];
  return statements.filter(({ Action }) =>
    [Action].flat().some((action) => action.startsWith('cloudwatch:Get')),
  );
}

function readsMetrics(template: Template): boolean {
  const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceApiFunction').properties
    .Environment;
  return readApiEnvironment(readable(Variables) as Record<string, string>).activity;
}

it('is off by default: the API can read no metrics', () => {
  const template = serviceInApp({ api: {} }).template();
  expect([readsMetrics(template), metricStatements(template)]).toEqual([false, []]);
});

it('lets the API read metrics', () => {
  const template = serviceInApp({ api: { activity: true } }).template();
  expect(readsMetrics(template)).toBe(true);
  expect(metricStatements(template)).toEqual([
    { Effect: 'Allow', Action: 'cloudwatch:GetMetricData', Resource: '*' },
  ]);
});

it('needs the metrics', () => {
  expect(() => serviceInApp({ api: { activity: true }, observability: { metrics: false } })).toThrow(
    'observability.metrics must not be false if api.activity is true, got false',
  );
});

nagIt('acknowledges that the right to read metrics has no resource', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  serviceIn(stack, { api: { activity: true } });
  expect(nagFindingsIn(stack)).toEqual([]);
});
