import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { beforeAll, expect, it } from 'vitest';
import { ApiAuth } from '../../lib/constructs/index.ts';
import { installPythonTool } from '../../lib/local/python-tool.ts';
import { findingsIn, INSTALL_TIMEOUT_MILLISECONDS } from '../support/cfn-lint.ts';
import { serviceOnFargate } from './fargate/service-on-fargate.ts';
import { emptyApp, resource, serviceIn, serviceInApp } from './service-in-app.ts';

beforeAll(() => installPythonTool('cfn-lint'), INSTALL_TIMEOUT_MILLISECONDS);

it('finds nothing in the template', async () => {
  expect(await findingsIn(serviceInApp().template().toJSON())).toBe('');
});

it('finds nothing in the template with an HTTP API', async () => {
  const auth = ApiAuth.jwt({ issuer: 'https://issuer.example.com', audience: 'a' });
  const { template } = serviceInApp({ api: { auth, corsOrigins: ['https://app.example.com'] } });
  expect(await findingsIn(template().toJSON())).toBe('');
});

it('finds nothing in the template with a dashboard and events', async () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const topic = new Topic(stack, 'Topic', { enforceSSL: true });
  const observability = { dashboard: true, failureEvents: { topic } };
  expect(await findingsIn(serviceIn(stack, { observability }).template().toJSON())).toBe('');
});

it('finds nothing in the template with webhooks', async () => {
  expect(await findingsIn(serviceInApp({ webhooks: {} }).template().toJSON())).toBe('');
});

it('finds nothing in the template with an existing bucket', async () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const bucket = new Bucket(stack, 'Own', { versioned: true });
  expect(await findingsIn(serviceIn(stack, { payloads: { bucket } }).template().toJSON())).toBe('');
});

it('finds nothing in the template of a service on Fargate', async () => {
  const { template } = serviceOnFargate(
    { spot: true, maxTasks: 100 },
    { observability: { dashboard: true } },
  );
  expect(await findingsIn(template().toJSON())).toBe('');
});

it('would find something', async () => {
  const template = serviceInApp().template();
  delete resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties.Role;
  expect(await findingsIn(template.toJSON())).toContain("'Role' is a required property");
});
