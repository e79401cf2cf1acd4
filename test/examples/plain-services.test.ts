import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../local/free-port.ts';
import { accepts } from '../support/brokers/server.ts';
import { eventually } from '../support/eventually.ts';
import { QUEUES, WorkerFolder } from '../support/worker-folder.ts';

/** Services with none of our code: their commands, which a port is added to. */
const SERVICES = {
  Python: ['python3', 'examples/python-service/service.py'],
  Go: ['go', 'run', 'examples/go-service/main.go'],
} as const;

let folder: WorkerFolder;
const services: ChildProcess[] = [];

beforeEach(async () => {
  folder = await WorkerFolder.create();
});
afterEach(async () => {
  for (const service of services.splice(0)) await kill(service);
  await folder[Symbol.asyncDispose]();
});

function start([command, ...args]: (typeof SERVICES)[keyof typeof SERVICES], port: number): ChildProcess {
  // A process group, since `go run` starts the program as its child.
  const service = spawn(command, [...args, String(port)], { stdio: 'ignore', detached: true });
  services.push(service);
  return service;
}

async function kill(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null || !service.pid) return;
  process.kill(-service.pid, 'SIGKILL');
  await once(service, 'exit');
}

describe.each(Object.entries(SERVICES))('a plain service in %s', (_, command) => {
  test('handles requests without code of ours, from before it is up', async () => {
    const port = await freePort();
    await folder.submit('to be or not to be');
    await folder.submit('é');
    const worker = folder.run(
      ['--forward', `http://127.0.0.1:${port}/process`, '--forward-ready', '/health'],
      QUEUES,
    );
    await worker.started();
    start(command, port);
    expect((await folder.outcomes(2)).map(({ data }) => data)).toEqual(
      expect.arrayContaining([
        { words: 6, characters: 18 },
        { words: 1, characters: 1 },
      ]),
    );
  });
});

test('a service that ends and starts again: requests wait for it, and no attempt is used up', async () => {
  const port = await freePort();
  const first = start(SERVICES.Python, port);
  await eventually(() => accepts(port));
  const worker = folder.run(['--forward', `http://127.0.0.1:${port}/process`], {
    ...QUEUES,
    COATCHECK_PAUSE_SECONDS: '1',
  });
  await folder.submit('one');
  await folder.outcomes(1);
  await kill(first);
  await folder.submit('one two');
  await eventually(() => expect(worker.logged('Attempt failed and will be retried')).not.toEqual([]));
  start(SERVICES.Python, port);
  const [outcome] = await folder.outcomes(1);
  expect(outcome).toMatchObject({ data: { words: 2 } });
  expect(worker.logged('Attempt failed and will be retried')[0]).toMatchObject({
    code: 'downstream_unavailable',
  });
});

test.each([
  [[], 'got neither'],
  [['processor.ts', '--forward', 'http://127.0.0.1:8000/'], 'got both'],
  [['processor.ts', '--forward-ready', '/health'], 'need --forward'],
  [['--forward', 'service:8000'], 'forwardTo() takes the http: or https: URL'],
  [['--forward', 'http://127.0.0.1:8000/', '--forward-timeout', '5'], 'a time: a number, then ms, s'],
])('%j is refused', async (args, problem) => {
  const worker = folder.run(args, QUEUES);
  expect(await worker.exit()).not.toBe(0);
  expect(worker.text).toContain(problem);
});
