import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { expect, it } from 'vitest';
import { Tracing } from '../../../lib/constructs/observability/tracing.ts';
import { nagFindingsIn, nagIt } from '../nag-findings.ts';
import { resource, resources, serviceInApp } from '../service-in-app.ts';

const ALL = { api: {}, webhooks: {} };
const FUNCTIONS = ['ServiceProcessor', 'ServiceApiFunction', 'ServiceWebhooks'];

it('traces every function, and each has the permission before it is created', () => {
  const template = serviceInApp({ ...ALL, observability: { tracing: Tracing.xray() } }).template();
  for (const name of FUNCTIONS) {
    const { properties, dependsOn } = resource(template, 'AWS::Lambda::Function', name);
    expect(properties.TracingConfig).toEqual({ Mode: 'Active' });
    const policy = resource(template, 'AWS::IAM::Policy', `${name}RoleTracing`);
    expect(policy.properties.Roles).toEqual([
      { Ref: resource(template, 'AWS::IAM::Role', `${name}Role`).id },
    ]);
    expect(policy.properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: [
          'xray:PutSpans',
          'xray:PutSpansForIndexing',
          'xray:PutTelemetryRecords',
          'xray:PutTraceSegments',
        ],
        Resource: '*',
      },
    ]);
    expect(dependsOn).toContain(policy.id);
  }
});

it('sends spans to another backend without X-Ray', () => {
  const tracing = Tracing.otlp({
    endpoint: 'https://otlp.example.com',
    headers: { 'api-key': 'a b,c' },
    sampleRatio: 0.1,
  });
  const template = serviceInApp({ ...ALL, observability: { tracing } }).template();
  for (const name of FUNCTIONS) {
    const { properties } = resource(template, 'AWS::Lambda::Function', name);
    expect(properties).not.toHaveProperty('TracingConfig');
    expect(properties.Environment.Variables).toMatchObject({
      COATCHECK_TRACING: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b%2Cc',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    });
  }
  expect(JSON.stringify(resources(template))).not.toContain('xray:');
});

it('lets variables of the processor override those of tracing', () => {
  const observability = { tracing: Tracing.otlp({ endpoint: 'https://otlp.example.com' }) };
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://other.example.com' };
  const template = serviceInApp({ observability, function: { environment } }).template();
  const { properties } = resource(template, 'AWS::Lambda::Function', 'ServiceProcessor');
  expect(properties.Environment.Variables).toMatchObject(environment);
});

it.each([
  [
    { endpoint: 'otlp.example.com:4318' },
    'endpoint must be an http or https URL, got "otlp.example.com:4318"',
  ],
  [{ sampleRatio: 10 }, 'sampleRatio must be a number from 0 to 1, got 10'],
  [{ sampleRatio: Number.NaN }, 'sampleRatio must be a number from 0 to 1, got NaN'],
])('refuses %j', (options, problem) => {
  expect(() => Tracing.otlp(options)).toThrow(`Tracing.otlp(): ${problem}`);
});

it('is off by default', () => {
  const template = serviceInApp(ALL).template();
  for (const name of FUNCTIONS) {
    expect(resource(template, 'AWS::Lambda::Function', name).properties).not.toHaveProperty('TracingConfig');
  }
  expect(JSON.stringify(resources(template))).not.toContain('xray');
  expect(JSON.stringify(resources(template))).not.toContain('OTEL_');
});

nagIt('hides no cdk-nag finding about permissions that the user adds', () => {
  const { stack, service } = serviceInApp({ ...ALL, observability: { tracing: Tracing.xray() } });
  expect(nagFindingsIn(stack)).toEqual([]);
  service.processorFunction.addToRolePolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }),
  );
  expect(nagFindingsIn(stack)).toEqual(['AwsSolutions-IAM5[Resource::*]']);
});
