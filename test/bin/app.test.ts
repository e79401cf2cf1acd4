import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const PROCESSOR = 'test/constructs/fixtures/processor.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the app as the CDK's command line does; no credentials, no account. */
async function synthesize(context: Record<string, unknown>) {
  const { context: flags } = JSON.parse(await readFile('cdk.json', 'utf8'));
  const { stderr } = await promisify(execFile)(process.execPath, ['bin/app.ts'], {
    env: {
      PATH: process.env.PATH,
      CDK_OUTDIR: folder,
      CDK_CONTEXT_JSON: JSON.stringify({ ...flags, 'aws:cdk:bundling-stacks': [], ...context }),
    },
  });
  return stderr;
}

async function templateOf(stack: string) {
  return JSON.parse(await readFile(join(folder, `${stack}.template.json`), 'utf8'));
}

it('makes a stack with these outputs, without a finding or a warning', async () => {
  expect(await synthesize({ processor: PROCESSOR })).toBe('');
  const { Outputs: outputs } = await templateOf('Coatcheck');
  expect(Object.keys(outputs).sort()).toEqual([
    'DeadLetterQueueUrl',
    'InputQueueUrl',
    'OutputDeadLetterQueueUrl',
    'OutputQueueUrl',
    'PayloadBucketName',
    'ProcessorFunctionName',
  ]);
});

it('gives the stack the name it is told', async () => {
  await synthesize({ processor: PROCESSOR, stack: 'Reports' });
  expect(await templateOf('Reports')).toHaveProperty('Outputs.PayloadBucketName');
});

it('says which processor it looked for', async () => {
  await expect(synthesize({ processor: 'nowhere.ts' })).rejects.toThrow(
    /entry must be an existing JavaScript or TypeScript file, got .*nowhere\.ts/,
  );
});
