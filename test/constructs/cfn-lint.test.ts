import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { beforeAll, expect, it } from 'vitest';
import { ApiAuth } from '../../lib/constructs/index.ts';
import { installPythonTool } from '../../lib/local/python-tool.ts';
import { run } from '../../lib/local/run.ts';
import { emptyApp, resource, serviceIn, serviceInApp } from './service-in-app.ts';

/** The CDK lets a function wait for its role, which the reference to the role does already. */
const NOT_OURS = 'W3005';

/** The first time it is installed. */
const INSTALL_TIMEOUT_MILLISECONDS = 300_000;

let python = '';
beforeAll(async () => {
  python = await installPythonTool('cfn-lint');
}, INSTALL_TIMEOUT_MILLISECONDS);

async function findingsIn(template: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cfn-lint-'));
  const file = join(folder, 'template.json');
  await writeFile(file, JSON.stringify(template));
  const main = ['-c', 'from cfnlint.runner import main; main()'];
  const args = ['--ignore-checks', NOT_OURS, '--regions', 'us-east-1', 'eu-central-1', '--template', file];
  const { output } = await run(python, [...main, ...args]);
  await rm(folder, { recursive: true });
  return output;
}

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

it('would find something', async () => {
  const template = serviceInApp().template();
  delete resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties.Role;
  expect(await findingsIn(template.toJSON())).toContain("'Role' is a required property");
});
