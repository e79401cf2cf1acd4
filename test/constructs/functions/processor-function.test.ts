import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AsyncService } from '../../../lib/constructs/index.ts';

describe('the bundle', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  let bundle = '';

  beforeAll(() => {
    const app = new App({ outdir: folder });
    // ESM that loads CommonJS in both ways there are.
    const entry = 'test/constructs/fixtures/mixed.mjs';
    new AsyncService(new Stack(app, 'Stack'), 'Service', {
      entry,
      handler: 'mixed',
      circuitBreaker: { pauseEventSource: false },
    });
    app.synth();
    const asset = readdirSync(folder).find((name) => name.startsWith('asset.')) ?? '';
    bundle = join(folder, asset, 'index.mjs');
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('comes with a source map that holds no sources', () => {
    const map = JSON.parse(readFileSync(`${bundle}.map`, 'utf8'));
    expect(map.sources).toContainEqual(expect.stringContaining('functions/processor/index.ts'));
    expect(map.sourcesContent).toBeUndefined();
  });

  it('is smaller than a megabyte', () => {
    expect(statSync(bundle).size).toBeLessThan(1_000_000);
  });

  it('runs where there is nothing but Node, and its errors keep their names and places', () => {
    // Without a deployment's environment the first event is an error.
    const script = `
      const { mixed } = await import(${JSON.stringify(bundle)});
      await mixed({ Records: [] }, { getRemainingTimeInMillis: () => 1000 }).catch(({ name, stack }) => {
        console.log(JSON.stringify({ name, stack }));
      });`;
    const args = ['--enable-source-maps', '--input-type=module', '--eval', script];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', env: {} });
    const { name, stack } = JSON.parse(output.trim().split('\n').at(-1) ?? '');
    expect(name).toBe('ConfigurationError');
    expect(stack).toMatch(/lib\/core\/environment\.ts:\d+/);
  });
});
