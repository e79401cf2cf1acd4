import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AMQP } from '../../lib/brokers/amqp.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { available } from '../support/brokers/available.ts';
import { findNatsServer, startNatsServer } from '../support/brokers/nats-server.ts';
import { findRabbitMq, startRabbitMq } from '../support/brokers/rabbitmq-server.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { DOUBLING_PROCESSOR, WorkerProcess } from '../support/worker-process.ts';

/** An outcome as the library's client has it. */
interface Received {
  readonly text: string;
  /** What its model made of the text. */
  readonly read: Readonly<Record<string, unknown>>;
}

const nats = await available('NATS', findNatsServer);
const rabbit = await available('RabbitMQ', findRabbitMq);

describe.runIf(await hasToolchain('python'))('async-processor 1.0.0 as the client of a worker', () => {
  let python = '';
  beforeAll(async () => {
    python = await installPythonPeers('truefoundry');
  }, INSTALL_TIMEOUT_MILLISECONDS);

  /** Sends messages by the library, one after the other. @returns the outcomes of each */
  async function send(given: Readonly<Record<string, unknown>>): Promise<Received[][]> {
    const input = JSON.stringify({ input: 'requests', output: 'outcomes', ...given });
    const program = join(peerFolder('truefoundry'), 'peer.py');
    const received: Received[][] = JSON.parse(await runProgram(python, [program], { input }));
    // Its model keeps every member.
    for (const { text, read } of received.flat()) expect(read).toEqual(JSON.parse(text));
    return received;
  }

  async function startWorker(args: readonly string[], variables: Readonly<Record<string, string>>) {
    const worker = new WorkerProcess(await temporaryFolder(), args, {
      COATCHECK_OUTPUT_FORMAT: 'truefoundry',
      COATCHECK_MAX_ATTEMPTS: '1',
      ...variables,
    });
    onTestFinished(() => worker[Symbol.dispose]());
    await worker.started();
  }

  test.runIf(nats)('over NATS, where it waits for the outcome of its request', async () => {
    const { server, port } = await startNatsServer(nats ?? '');
    onTestFinished(() => server[Symbol.asyncDispose]());
    const url = `nats://127.0.0.1:${port}`;
    // Its client reads without acknowledging, which a work queue doesn't allow.
    const connection = await connect({ servers: url });
    await (await jetstreamManager(connection)).streams.add({ name: 'outcomes', subjects: ['outcomes.*'] });
    await connection.close();
    await startWorker([DOUBLING_PROCESSOR], {
      COATCHECK_INPUT: `${url}?stream=requests&subject=requests.>`,
      COATCHECK_OUTPUT: `${url}?subject=outcomes.{id}`,
    });
    const messages = [
      { tfy_request_id: 'ok-1', number: 21 },
      { tfy_request_id: 'bad-1', number: 21, wait: 'ä' },
      { tfy_request_id: 'ok-1', number: 21 },
    ];
    const [ok, bad, again] = await send({ broker: 'nats', url, messages });
    expect(ok?.map(({ text }) => text)).toEqual([
      '{"request_id":"ok-1","status":"SUCCESS","body":{"double":42},"error":null,"input_message":null,"status_code":null,"content_type":null}',
    ]);
    expect(bad).toMatchObject([
      {
        read: {
          request_id: 'bad-1',
          status: 'FAILED',
          error: expect.stringMatching(/./),
          input_message: { tfy_request_id: 'bad-1', wait: 'ä', tfy_stream_response: false },
        },
      },
    ]);
    expect(again).toEqual(ok);
  });

  test.runIf(rabbit)('over RabbitMQ, with an HTTP service that streams', async () => {
    const server = await startRabbitMq(rabbit ?? '');
    onTestFinished(() => server[Symbol.asyncDispose]());
    const url = `amqp://127.0.0.1:${server.port}`;
    const service = createServer(streaming);
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void service.close().closeAllConnections());
    const output = await AMQP.openOutput(new URL(`${url}?queue=outcomes`), {
      logger: new CollectingLogger(),
    });
    await output[Symbol.asyncDispose]();
    const destination = `http://127.0.0.1:${(service.address() as AddressInfo).port}/default`;
    await startWorker(['--forward', destination, '--forward-allow', 'method,path,headers'], {
      COATCHECK_INPUT: `${url}?queue=requests`,
      COATCHECK_OUTPUT: `${url}?queue=outcomes`,
    });
    const message = {
      tfy_request_id: 's',
      tfy_stream_response: true,
      tfy_request_url_path: '/stream?n=2',
      tfy_request_method: 'PUT',
      tfy_request_headers: { 'x-note': 'n', host: 'other' },
      text: 'ä',
    };
    const [outcomes] = await send({ broker: 'amqp', url, count: 2, messages: [message] });
    const [first, last] = outcomes ?? [];
    expect(first?.read).toMatchObject({
      request_id: 's',
      status: 'SUCCESS',
      status_code: '200',
      content_type: 'text/event-stream',
    });
    expect(last?.read.body).toEqual({ data: 'end ä', is_eof: null });
    const { data } = JSON.parse(first?.text ?? '').body;
    expect(JSON.parse(data)).toEqual({ method: 'PUT', url: '/stream?n=2', note: 'n', body: { text: 'ä' } });
  });
});

/** Responds in two chunks: with what it got, and an end. */
const streaming: RequestListener = async (request, response) => {
  const { method, url, headers } = request;
  const body = JSON.parse(await text(request));
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(JSON.stringify({ method, url, note: headers['x-note'], body }), () => {
    setTimeout(() => response.end('end ä'), 100);
  });
};
