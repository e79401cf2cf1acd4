import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { SqsOutputQueue } from '../../lib/aws/sqs-output-queue.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { localClients } from '../../lib/local/clients.ts';
import { requestDelivery } from '../support/delivery.ts';
import { EngineHarness } from '../support/engine-harness.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJavaPeers } from '../support/peers/java.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { awsVariables, createQueue, receiveMessages, runMessages } from '../support/peers/sqs-messages.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

const { sqs } = localClients(inject('endpoint'));

const env = awsVariables(inject('endpoint'));

const timeout = INSTALL_TIMEOUT_MILLISECONDS;

describe.runIf(await hasToolchain('java'))('JMS for SQS and Spring Cloud AWS', () => {
  test('their messages are requests', { timeout }, async () => {
    const queue = await createQueue(sqs);
    await runJava('send', queue);
    const { handled, failures } = await runMessages(await receiveMessages(sqs, queue, 7));
    expect(failures).toEqual([]);
    expect(handled).toEqual({
      'jms-text': json('{"x":6}', { JMS_SQSMessageType: 'text', flag: '1' }),
      'jms-bytes-of-text': json('{"x":6}'),
      'jms-bytes': {
        bytes: Buffer.from([0, 255, 1]),
        contentType: 'application/octet-stream',
        metadata: {},
      },
      'jms-object': {
        bytes: expect.toSatisfy((bytes: Buffer) => bytes.toString('latin1').startsWith('\xac\xed\x00\x05t')),
        contentType: 'application/x-java-serialized-object',
        metadata: {},
      },
      'spring-object': json('{"x":6}', {
        contentType: 'application/json',
        JavaType: 'QueueClientsPeer$Order',
        n: '5',
      }),
      'spring-text': {
        bytes: Buffer.from('plain text'),
        contentType: expect.stringMatching(/^text\/plain/),
        metadata: { JavaType: 'java.lang.String' },
      },
      'spring-bytes': json('"AP8="', { contentType: 'application/json', JavaType: '[B' }),
    });
  });

  test('they read outcomes', { timeout }, async () => {
    const [byJms, bySpring] = await Promise.all([createQueue(sqs), createQueue(sqs)]);
    await publish(byJms, 'raw');
    await publish(bySpring, 'cloudevents');
    const [texts, maps] = await Promise.all([
      runJava('receive-jms', byJms, 2),
      runJava('receive-spring', bySpring, 2),
    ]);
    expect(JSON.parse(texts).toSorted()).toEqual([
      expect.stringContaining('bad {"type":"urn:coatcheck:problem:handler_failed"'),
      'good {"done":true}',
    ]);
    expect(JSON.parse(maps)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ subject: 'good', data: { done: true } }),
        expect.objectContaining({ subject: 'bad', type: 'coatcheck.request.failed' }),
      ]),
    );
  });
});

describe.runIf(await hasToolchain('python'))('kombu and Celery', () => {
  test('their messages are requests', { timeout }, async () => {
    const queue = await createQueue(sqs);
    await runPython('send', queue);
    const { handled, failures } = await runMessages(await receiveMessages(sqs, queue, 5));
    expect(failures).toEqual(['envelope_malformed']);
    expect(handled).toEqual({
      'kombu-json': json('{"x": 6}', { n: '5' }),
      'kombu-text': { bytes: Buffer.from('plain text'), contentType: 'text/plain', metadata: {} },
      'kombu-bytes': { bytes: Buffer.from([0, 255]), contentType: 'application/data', metadata: {} },
      'celery-task': json(
        '[[6], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
        expect.objectContaining({ task: 'orders.place', lang: 'py', root_id: 'celery-task' }),
      ),
    });
  });

  test('a consumer of kombu reads outcomes as text', { timeout }, async () => {
    const queue = await createQueue(sqs);
    await publish(queue, 'cloudevents');
    const printed: readonly string[] = JSON.parse(await runPython('receive', queue, 2));
    const subjects = printed.map((text) => JSON.parse(text).subject);
    expect(subjects.toSorted()).toEqual(['bad', 'good']);
  });
});

/** A request with JSON. */
function json(text: string, metadata: object = {}) {
  return { bytes: Buffer.from(text), contentType: 'application/json', metadata };
}

/** Publishes the outcomes of the requests `good` and `bad`. */
async function publish(queue: string, outputFormat: 'raw' | 'cloudevents'): Promise<void> {
  const handler = ({ id }: { readonly id: string }) => {
    if (id === 'bad') throw new PermanentError('This request is bad.');
    return { done: true };
  };
  const ports = { output: new SqsOutputQueue(sqs, queue) };
  const harness = new EngineHarness(handler, { outputFormat, ports });
  expect(await harness.process([requestDelivery('good'), requestDelivery('bad')])).toEqual([]);
}

async function runJava(mode: string, queue: string, count = 0): Promise<string> {
  const name = queue.split('/').at(-1) ?? '';
  const program = join(peerFolder('queue-clients-java'), 'QueueClientsPeer.java');
  const args = ['-cp', await installJavaPeers('queue-clients-java'), program, mode, name, String(count)];
  return lastLine(await runProgram('java', args, { env }));
}

async function runPython(mode: string, queue: string, count = 0): Promise<string> {
  const program = join(peerFolder('queue-clients-python'), 'peer.py');
  return runProgram(await installPythonPeers('queue-clients-python'), [program, mode, queue, String(count)], {
    env,
  });
}

/** A library of Spring prints a line of its own. */
function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
