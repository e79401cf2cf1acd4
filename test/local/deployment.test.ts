import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localClients } from '../../lib/local/clients.ts';
import { deploy } from '../../lib/local/deployment.ts';
import { type LocalAws, openLocalAws } from '../../lib/local/emulator.ts';
import { DeploymentFailed } from '../../lib/local/errors.ts';
import { freePort } from './free-port.ts';

const APP = 'node test/local/fixtures/app.ts';

/** Allows for the first start on a machine, which installs the emulator. */
const TIMEOUT_MS = 300_000;

describe('a deployment', { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  let aws: LocalAws;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coatcheck-test-'));
    aws = await openLocalAws({ port: await freePort(), folder });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await aws[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test('returns the outputs of its stacks', async () => {
    const outputs = await deploy({ endpoint: aws.endpoint, folder, app: APP, stacks: ['LocalFixture'] });

    expect(outputs).toEqual({
      LocalFixture: { QueueUrl: expect.stringContaining(`${aws.endpoint}/000000000000/`) },
    });
    expect(JSON.parse(await readFile(join(folder, 'outputs.json'), 'utf8'))).toEqual(outputs);
  });

  test('that fails reports the reason and the log file', async () => {
    const deploying = deploy({ endpoint: aws.endpoint, folder, app: `${APP} --broken` });

    const error = await deploying.catch((reason) => reason);
    expect(error).toBeInstanceOf(DeploymentFailed);
    expect(error.message).toMatch(
      /^Deploying failed\. Output of the CDK:\n.*UPDATE_FAILED.*LocalFixture failed to deploy/s,
    );
    expect(error.message).not.toMatch(/Synthesis time|IN_PROGRESS/);
    expect(error.message).toMatch(join(folder, 'deploy.log'));
    expect(await readFile(join(folder, 'deploy.log'), 'utf8')).toMatch('Synthesis time');
  });

  test('whose app fails shows the error without its stack trace', async () => {
    const app = `node --eval "throw new Error('not this way')"`;

    const error = await deploy({ endpoint: aws.endpoint, folder, app }).catch((reason) => reason);
    expect(error.message).toMatch('Error: not this way');
    expect(error.message).not.toMatch(/^\s+at /m);
  });

  test("runs functions on the project's Node, isolated from the user's environment, ten of a queue at a time, and stops them", async () => {
    const { LocalFixture } = await deploy({ endpoint: aws.endpoint, folder, app: APP });
    const QueueUrl = LocalFixture?.QueueUrl ?? '';
    const { sqs } = localClients(aws.endpoint);
    const send = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'go' })),
        ),
      );
    await send(1);

    await expect.poll(() => workersIn(folder)).toHaveLength(1);
    const [worker] = await workersIn(folder);
    expect(worker?.version).toBe(process.version);
    expect(worker?.env).not.toHaveProperty('VITEST');
    expect(await isAnswering(worker?.port)).toBe(true);

    // The mapping allows a hundred.
    await send(14);
    await expect.poll(() => workersIn(folder)).toHaveLength(10);
    const asked = { QueueUrl, AttributeNames: ['All' as const] };
    expect((await sqs.send(new GetQueueAttributesCommand(asked))).Attributes).toMatchObject({
      ApproximateNumberOfMessagesNotVisible: '10',
      ApproximateNumberOfMessages: '5',
    });

    await aws[Symbol.asyncDispose]();
    await expect.poll(() => isAnswering(worker?.port)).toBe(false);
  });
});

/** Output of the fixture's function. */
interface Worker {
  readonly version: string;
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
}

async function workersIn(folder: string): Promise<Worker[]> {
  const places = (await readdir(folder)).filter((name) => name.startsWith('ministack-'));
  const files = await Promise.all(
    places.map(async (place) => {
      const temporary = join(folder, place, 'node_modules');
      const names = await readdir(temporary).catch(() => []);
      return names.filter((name) => name.startsWith('worker-')).map((name) => join(temporary, name));
    }),
  );
  const workers = await Promise.allSettled(
    files.flat().map(async (file) => JSON.parse(await readFile(file, 'utf8'))),
  );
  return workers.filter((worker) => worker.status === 'fulfilled').map(({ value }) => value);
}

async function isAnswering(port = 0): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
