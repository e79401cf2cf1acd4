import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../local/free-port.ts';
import { eventually } from '../eventually.ts';
import { DroppingProxy } from './dropping-proxy.ts';
import { accepts, Server } from './server.ts';

/** Answers each connection with its number since the first start, which it keeps in a file. */
const COUNTER = `
  const { appendFileSync, readFileSync } = require('node:fs');
  require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      appendFileSync('count', '.');
      socket.write(String(readFileSync('count').length));
    });
  }).listen(Number(process.argv[1]), '127.0.0.1');
`;

async function startCounter() {
  const port = await freePort();
  const server = await Server.start({
    command: process.execPath,
    args: () => ['-e', COUNTER, String(port)],
    ready: () => accepts(port),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { server, port };
}

function dial(port: number) {
  // An error is seen by who awaits one.
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

async function count(port: number): Promise<string> {
  const socket = dial(port);
  socket.write('?');
  const [answer] = await once(socket, 'data');
  return String(answer);
}

test.each(['stop', 'kill'] as const)('a server keeps its data over %s and start', async (end) => {
  const { server, port } = await startCounter();
  expect(await count(port)).toBe('1');
  await server[end]();
  await expect(accepts(port)).rejects.toThrow('ECONNREFUSED');
  await server.start();
  expect(await count(port)).toBe('2');
});

test('a server that ends at its start shows its output', async () => {
  const starting = Server.start({
    command: process.execPath,
    args: () => ['-e', 'console.error("the port is taken"); process.exit(1)'],
    ready: () => Promise.reject(new Error('not yet')),
  });
  await expect(starting).rejects.toThrow(/ended at its start.*\n.*the port is taken/);
});

test('a proxy forwards, resets connections while it is cut, and forwards again', async () => {
  const { port } = await startCounter();
  await using proxy = await DroppingProxy.to(port);
  expect(await count(proxy.port)).toBe('1');
  proxy.cut();
  await expect(count(proxy.port)).rejects.toThrow('ECONNRESET');
  proxy.restore();
  expect(await count(proxy.port)).toBe('2');
});

test('a proxy loses what is sent while it is silent, and resets such connections afterwards', async () => {
  const { port } = await startCounter();
  await using proxy = await DroppingProxy.to(port);
  const socket = dial(proxy.port);
  socket.write('?');
  await once(socket, 'data');
  proxy.silence();
  socket.write('?');
  const silent = dial(proxy.port);
  silent.write('?');
  await eventually(() => expect(proxy.connections).toBe(2));
  const resets = [once(socket, 'error'), once(silent, 'error')];
  proxy.restore();
  await Promise.all(resets);
  expect(await count(port)).toBe('2');
});
