import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { resource, resources, serviceInApp } from '../service-in-app.ts';

const ALL = { api: {}, webhooks: {} };
const FUNCTIONS = ['ServiceProcessor', 'ServiceApiFunction', 'ServiceWebhooks'];

it('traces every function, and each has the permission before it is created', () => {
  const template = serviceInApp({ ...ALL, observability: { tracing: true } }).template();
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
        Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
        Resource: '*',
      },
    ]);
    expect(dependsOn).toContain(policy.id);
  }
});

it('is off by default', () => {
  const template = serviceInApp(ALL).template();
  for (const name of FUNCTIONS) {
    expect(resource(template, 'AWS::Lambda::Function', name).properties).not.toHaveProperty('TracingConfig');
  }
  expect(JSON.stringify(resources(template))).not.toContain('xray');
});

it('hides no cdk-nag finding about permissions that the user adds', () => {
  const { stack, service } = serviceInApp({ ...ALL, observability: { tracing: true } });
  const findings = () =>
    new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);
  expect(findings()).toEqual([]);
  service.processor.addToRolePolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] }));
  expect(findings()).toEqual(['AwsSolutions-IAM5[Resource::*]']);
});
