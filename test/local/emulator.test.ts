import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { localClients } from '../../lib/local/clients.ts';
import { openLocalAws } from '../../lib/local/emulator.ts';
import { EndpointSilent, PortTaken } from '../../lib/local/errors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { freePort } from './free-port.ts';

/** Allows for the first start on a machine, which installs the emulator. */
const TIMEOUT_MS = 300_000;

describe('opening a local AWS', { timeout: TIMEOUT_MS }, () => {
  test('starts one if nothing answers, and stops it', async () => {
    const port = await freePort();
    const folder = await temporaryFolder();
    {
      await using aws = await openLocalAws({ port, folder });
      expect(aws.endpoint).toBe(`http://127.0.0.1:${port}`);
      expect(await bucketsAt(aws.endpoint)).toEqual([]);
    }
    await expect(bucketsAt(`http://127.0.0.1:${port}`)).rejects.toThrow('ECONNREFUSED');
    expect(await readdir(folder)).toEqual(['ministack.log']);
  });

  test('uses a running one, and leaves it running', async () => {
    const port = await freePort();
    await using first = await openLocalAws({ port, folder: await temporaryFolder() });
    {
      await using second = await openLocalAws({ port, folder: await temporaryFolder() });
      expect(second).toMatchObject({ endpoint: first.endpoint });
      expect(second.emulator).toBeUndefined();
    }
    expect(await bucketsAt(first.endpoint)).toEqual([]);
  });

  test('two callers share one', async () => {
    const port = await freePort();
    const folder = await temporaryFolder();
    const both = await Promise.all([openLocalAws({ port, folder }), openLocalAws({ port, folder })]);
    onTestFinished(async () => {
      for (const aws of both) await aws[Symbol.asyncDispose]();
    });
    expect(both.filter(({ emulator }) => emulator)).toHaveLength(1);
    for (const { endpoint } of both) expect(await bucketsAt(endpoint)).toEqual([]);
  });

  test('rejects a port that is in use', async () => {
    const server = createServer((socket) => socket.end('220 mail.example.com ESMTP\r\n')).listen(
      0,
      '127.0.0.1',
    );
    const port = await portOf(server);

    const error = await openLocalAws({ port }).catch((reason) => reason);

    expect(error).toBeInstanceOf(PortTaken);
    expect(error.message).toMatch(`Port ${port} is in use`);
    expect(error.message).toMatch(`COATCHECK_LOCAL_PORT=${port + 1}`);
  });

  test('rejects a port of another web server', async () => {
    const port = await portOf(createHttpServer((_, response) => response.end('{"hello":"there"}')).listen(0));

    await expect(openLocalAws({ port })).rejects.toThrow(PortTaken);
  });

  test('uses a given endpoint', async () => {
    const requests: string[] = [];
    const server = createHttpServer(({ url = '' }, response) => {
      requests.push(url);
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    const endpoint = `http://127.0.0.1:${await portOf(server)}`;

    await using aws = await openLocalAws({ endpoint, port: 1 });

    expect(aws).toMatchObject({ endpoint });
    expect(aws.emulator).toBeUndefined();
    expect(requests).toEqual(['/']);
  });

  test('reports a given endpoint that does not answer', async () => {
    const endpoint = `http://127.0.0.1:${await freePort()}`;

    const error = await openLocalAws({ endpoint, port: 1 }).catch((reason) => reason);

    expect(error).toBeInstanceOf(EndpointSilent);
    expect(error.message).toMatch(`Nothing answers at AWS_ENDPOINT_URL, ${endpoint}.`);
  });
});

describe('the emulator stops', { timeout: TIMEOUT_MS }, () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'when its starter is asked to end by %s',
    async (signal) => {
      const { starter, endpoint } = await startElsewhere();
      starter.kill(signal);
      expect(await once(starter, 'exit')).toEqual([0, null]);
      await expect(bucketsAt(endpoint)).rejects.toThrow('ECONNREFUSED');
    },
  );

  test('when the program that started it is killed', async () => {
    const { starter, endpoint, folder } = await startElsewhere();
    starter.kill('SIGKILL');
    await expect.poll(() => bucketsAt(endpoint).catch(String)).toMatch('ECONNREFUSED');
    await expect.poll(() => readdir(folder)).toEqual(['ministack.log']);
  });
});

async function startElsewhere() {
  const port = await freePort();
  const folder = await temporaryFolder();
  const script = join(import.meta.dirname, 'fixtures', 'starter.ts');
  const starter = spawn(process.execPath, [script, String(port), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void starter.kill());
  const said = await Promise.race([once(starter.stdout, 'data'), once(starter, 'exit')]);
  expect(String(said)).toBe('started\n');
  return { starter, folder, endpoint: `http://127.0.0.1:${port}` };
}

async function portOf(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  if (!server.listening) await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening on a port');
  return address.port;
}

async function bucketsAt(endpoint: string) {
  const { Buckets } = await localClients(endpoint).s3.send(new ListBucketsCommand());
  return Buckets;
}
