import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallbackRules } from '../../lib/core/model/callback-url.ts';
import { HttpsSender, type HttpsSenderOptions } from '../../lib/http/webhook-sender.ts';
import {
  CERTIFICATE,
  callOf,
  httpReceiver,
  httpsReceiver,
  type ReceivedCall,
  tcpReceiver,
} from '../webhooks/receiver.ts';

const LOCAL: CallbackRules = { callbacks: 'local', callbackPorts: [] };
const SOON = 300;

function post(url: string, options: HttpsSenderOptions = {}, rules = LOCAL) {
  return new HttpsSender(rules, options).post(url, { 'webhook-id': 'id-1' }, '{"ü":1}');
}

/** A resolver that gives these answers one after another. */
function resolving(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const resolve = async (host: string) => {
    const answer = answers[Math.min(asked.push(host), answers.length) - 1] ?? [];
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { asked, resolve };
}

describe('a receiver', () => {
  test('gets the body and the headers once', async () => {
    const calls: ReceivedCall[] = [];
    const receiver = await httpReceiver(async (request, response) => {
      calls.push(await callOf(request));
      response.writeHead(204).end();
    });

    expect(await post(`http://127.0.0.1:${receiver.port}/hook?a=1`)).toEqual({ status: 204 });
    expect(calls).toEqual([
      {
        method: 'POST',
        url: '/hook?a=1',
        body: '{"ü":1}',
        headers: expect.objectContaining({
          host: `127.0.0.1:${receiver.port}`,
          'content-type': 'application/json',
          'content-length': '8',
          'webhook-id': 'id-1',
        }),
      },
    ]);
    await receiver.idle();
  });

  test('gets a new connection for each call, even if it would keep one open', async () => {
    const receiver = await httpReceiver((_, response) => void response.writeHead(204).end());
    const sender = new HttpsSender(LOCAL);
    for (const id of ['id-1', 'id-2']) {
      await sender.post(`http://127.0.0.1:${receiver.port}/`, { 'webhook-id': id }, '{}');
    }
    expect(receiver.connections).toBe(2);
    await receiver.idle();
  });

  test.each([200, 400, 410, 429, 500, 503])('that answers %i', async (status) => {
    const receiver = await httpReceiver((_, response) => {
      response.writeHead(status, { 'retry-after': '7' }).end('no matter');
    });
    expect(await post(`http://localhost:${receiver.port}/`, resolving(['127.0.0.1']))).toEqual({
      status,
      retryAfter: '7',
    });
  });

  test.each([301, 302, 303, 307, 308])(
    'that redirects with %i: the sender does not follow',
    async (status) => {
      const elsewhere = await httpReceiver((_, response) => response.end());
      const receiver = await httpReceiver((_, response) => {
        response.writeHead(status, { location: `http://127.0.0.1:${elsewhere.port}/` }).end();
      });
      expect(await post(`http://127.0.0.1:${receiver.port}/`)).toEqual({ status });
      expect(elsewhere.connections).toBe(0);
    },
  );
});

describe('a hostile receiver', () => {
  test('never answers', async () => {
    const receiver = await httpReceiver(() => {});
    const url = `http://127.0.0.1:${receiver.port}/`;
    await expect(post(url, { timeoutMilliseconds: SOON })).rejects.toThrow("didn't answer within 300 ms");
    await receiver.idle();
  });

  test('sends its headers byte by byte', async () => {
    const receiver = await tcpReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drops = setInterval(() => socket.write('x: y\r\n'), 10);
      socket.on('close', () => clearInterval(drops));
    });
    const url = `http://127.0.0.1:${receiver.port}/`;
    await expect(post(url, { timeoutMilliseconds: SOON })).rejects.toThrow("didn't answer within 300 ms");
    await receiver.idle();
  });

  test('sends interim responses forever', async () => {
    const receiver = await tcpReceiver((socket) => {
      const drops = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10);
      socket.on('close', () => clearInterval(drops));
    });
    const url = `http://127.0.0.1:${receiver.port}/`;
    await expect(post(url, { timeoutMilliseconds: SOON })).rejects.toThrow("didn't answer within 300 ms");
    await receiver.idle();
  });

  test('sends endless headers', async () => {
    const receiver = await tcpReceiver((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(100)}\r\n`.repeat(200)}`);
    });
    await expect(post(`http://127.0.0.1:${receiver.port}/`)).rejects.toThrow(/header/i);
    await receiver.idle();
  });

  test('sends an endless body: its status counts, and little of it is read', async () => {
    let written = 0;
    const receiver = await tcpReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n');
      const chunk = Buffer.alloc(65_536, 'x');
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
      };
      socket.on('drain', pour);
      pour();
    });
    expect(await post(`http://127.0.0.1:${receiver.port}/`)).toEqual({ status: 200 });
    await receiver.idle();
    expect(written).toBeLessThan(20_000_000);
  });

  test('sends its body byte by byte: the call still ends within the timeout', async () => {
    const receiver = await tcpReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const drops = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(drops));
    });
    const url = `http://127.0.0.1:${receiver.port}/`;
    expect(await post(url, { timeoutMilliseconds: 5_000 })).toEqual({ status: 200 });
    await receiver.idle();
  });

  test.each([
    ['a protocol other than HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
    ['an upgrade', 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'],
    ['nothing', ''],
  ])('sends %s and closes the connection', async (_, answer) => {
    const receiver = await tcpReceiver((socket) => socket.end(answer));
    await expect(post(`http://127.0.0.1:${receiver.port}/`)).rejects.toThrow();
    await receiver.idle();
  });

  test('does not use TLS: the request is not sent', async () => {
    const received: Buffer[] = [];
    const receiver = await tcpReceiver((socket) => {
      socket.on('data', (chunk) => received.push(chunk));
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    });
    await expect(post(`https://127.0.0.1:${receiver.port}/`)).rejects.toThrow();
    await receiver.idle();
    expect(Buffer.concat(received).toString('latin1')).not.toContain('webhook-id');
  });
});

describe('TLS', () => {
  test('an untrusted certificate: the request is not sent', async () => {
    let called = false;
    const receiver = await httpsReceiver((_, response) => {
      called = true;
      response.end();
    });
    const sending = post(`https://hooks.example:${receiver.port}/`, resolving(['127.0.0.1']));
    await expect(sending).rejects.toThrow('self-signed certificate');
    await receiver.idle();
    expect(called).toBe(false);
  });

  test('the certificate check, the Host header and SNI use the host name, not the address', async () => {
    trust(CERTIFICATE);
    let seen: unknown;
    const receiver = await httpsReceiver((request, response) => {
      seen = { host: request.headers.host, name: (request.socket as TLSSocket).servername };
      response.end();
    });
    const { port } = receiver;
    expect(await post(`https://hooks.example:${port}/`, resolving(['127.0.0.1']))).toEqual({ status: 200 });
    expect(seen).toEqual({ host: `hooks.example:${port}`, name: 'hooks.example' });

    await expect(post(`https://other.example:${port}/`, resolving(['127.0.0.1']))).rejects.toThrow(
      "does not match certificate's altnames",
    );
  });
});

describe('a hostile resolver', () => {
  const REFUSED = ['10.0.0.1', '169.254.169.254', 'fd00:ec2::254', '::ffff:127.0.0.1', '0.0.0.0', '::'];

  test.each(REFUSED)('%s: no byte is sent', async (address) => {
    const receiver = await httpReceiver((_, response) => response.end());
    const { resolve } = resolving([address]);
    const url = `http://hooks.example:${receiver.port}/`;
    await expect(post(url, { resolve })).rejects.toThrow(`leads to ${address}`);
    expect(receiver.connections).toBe(0);
  });

  test('this machine, where the rules allow only public addresses: no byte is sent', async () => {
    const receiver = await httpsReceiver((_, response) => response.end());
    const rules: CallbackRules = { callbacks: 'public', callbackPorts: [receiver.port] };
    for (const answer of [
      ['127.0.0.1'],
      ['1.1.1.1', '127.0.0.1'],
      ['127.0.0.1', '1.1.1.1'],
      ['::ffff:7f00:1'],
    ]) {
      const sending = post(`https://hooks.example:${receiver.port}/`, resolving(answer), rules);
      await expect(sending).rejects.toThrow(expect.objectContaining({ code: 'callback_refused' }));
    }
    expect(receiver.connections).toBe(0);
  });

  test('another address a moment later: one lookup, and the call goes to the checked address', async () => {
    const receiver = await httpReceiver((_, response) => response.writeHead(204).end());
    const { asked, resolve } = resolving(['127.0.0.1'], ['10.0.0.1']);
    expect(await post(`http://hooks.example:${receiver.port}/`, { resolve })).toEqual({ status: 204 });
    expect(asked).toEqual(['hooks.example']);
  });

  test('no address', async () => {
    await expect(post('http://hooks.example/', resolving([]))).rejects.toThrow(
      'hooks.example has no address',
    );
  });

  test('never answers', async () => {
    const sending = post('http://hooks.example/', {
      resolve: () => new Promise(() => {}),
      timeoutMilliseconds: SOON,
    });
    await expect(sending).rejects.toThrow("didn't answer within 300 ms");
  });

  test('does not know the host', async () => {
    const resolve = () => Promise.reject(new Error('ENOTFOUND'));
    await expect(post('http://hooks.example/', { resolve })).rejects.toThrow('ENOTFOUND');
  });
});

test.each(['http://0x7f.1/', 'http://u:p@localhost/', 'ftp://localhost/'])(
  '%s is refused before a lookup',
  async (url) => {
    const { asked, resolve } = resolving(['127.0.0.1']);
    await expect(post(url, { resolve })).rejects.toThrow(
      expect.objectContaining({ code: 'callback_refused' }),
    );
    expect(asked).toEqual([]);
  },
);

test('the system’s resolver knows localhost', async () => {
  const receiver = await httpReceiver((_, response) => response.end());
  expect(await post(`http://localhost:${receiver.port}/`)).toEqual({ status: 200 });
});

function trust(certificate: string): void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, certificate]);
  onTestFinished(() => setDefaultCACertificates(before));
}
