import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFiles } from '../../../bench/support/start-files.ts';
import { AsyncService } from '../../../lib/constructs/index.ts';
import { serviceInApp } from '../service-in-app.ts';

/** What a processor that does nothing loads when it starts. It was 667 KiB in one file. */
const MAX_START_KIB = 476;

describe('the bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  let bundle = '';

  beforeAll(() => {
    const app = new App({ outdir: folder });
    // ESM that loads CommonJS in both possible ways.
    const entry = 'test/constructs/fixtures/mixed.mjs';
    new AsyncService(new Stack(app, 'Stack'), 'Service', {
      entry,
      handler: 'mixed',
      circuitBreaker: { pauseEventSource: false },
    });
    app.synth();
    const asset = readdirSync(folder).find((name) => name.startsWith('asset.')) ?? '';
    bundle = join(folder, asset, 'index.mjs');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('has a source map without sources', () => {
    const map = JSON.parse(readFileSync(`${bundle}.map`, 'utf8'));
    expect(map.sources).toContainEqual(expect.stringContaining('functions/processor/index.ts'));
    expect(map.sourcesContent).toBeUndefined();
  });

  it('starts without what is loaded on demand, and stays small', () => {
    const files = startFiles(bundle);
    const bytes = files.map((file) => statSync(file).size).reduce((sum, size) => sum + size);
    expect(bytes / 1024).toBeLessThan(MAX_START_KIB);
    const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    for (const absent of ['ListBuckets', 'PutEvents', 'GetRoleCredentials', 'mnemonist'])
      expect(text).not.toContain(absent);
    // Node 24 loads all of undici when an ES module imports node:http (findings/node-esm-import-of-http-loads-undici.sh).
    expect(text).not.toMatch(/(?:from|import) ?"node:http"/);
  });

  it('runs with nothing but Node, and its errors keep their names and locations', () => {
    // Without the environment of a deployment, the first event throws.
    const script = `
      const { mixed } = await import(${JSON.stringify(bundle)});
      await mixed({ Records: [] }, { getRemainingTimeInMillis: () => 1000 }).catch(({ name, stack }) => {
        console.log(JSON.stringify({ name, stack }));
      });`;
    const args = ['--input-type=module', '--eval', script];
    const env = { LAMBDA_TASK_ROOT: dirname(bundle) };
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', env });
    const { name, stack } = JSON.parse(output.trim().split('\n').at(-1) ?? '');
    expect(name).toBe('ConfigurationError');
    expect(stack).toMatch(/lib\/core\/config\/.*environment\.ts:\d+/);
  });
});

it('is rejected on a capacity provider', () => {
  const { stack, service } = serviceInApp();
  const resource = service.processorFunction.node.defaultChild;
  if (!(resource instanceof CfnFunction)) throw new TypeError('no function');
  resource.capacityProviderConfig = {
    lambdaManagedInstancesCapacityProviderConfig: {
      capacityProviderArn: 'arn:aws:lambda:eu-central-1:111122223333:capacity-provider:mine',
    },
  };
  expect(stack.node.findChild('Service').node.findChild('Processor').node.validate()).toEqual([
    expect.stringMatching(
      /^The processor must not run on a capacity provider \(Lambda Managed Instances\), got one/,
    ),
  ]);
});
