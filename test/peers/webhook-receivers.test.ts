import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { signedHeaders } from '../../lib/core/webhooks/signature.ts';
import { HttpsSender } from '../../lib/http/webhook-sender.ts';
import { readSnippets } from '../docs/snippets.ts';
import { freePort } from '../local/free-port.ts';
import { eventually } from '../support/eventually.ts';
import { INSTALL_TIMEOUT_MILLISECONDS, peerFolder } from '../support/peers/installation.ts';
import { installJsPeers } from '../support/peers/js.ts';
import { installPythonPeers } from '../support/peers/python.ts';
import { runProgram } from '../support/peers/run-program.ts';
import { hasToolchain } from '../support/peers/toolchain.ts';

const PAGE = 'docs/recipes/receive-webhooks.md';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER = 'whsec_plJ3nmyCDGBKInavdOK15jsl';

/** Not as Python and JavaScript would write it, and with a character that isn't ASCII. */
const BODY = '{"type":"coatcheck.request.succeeded", "data":{"id":"ü-17","progress":1.0}}';

const SIX_MINUTES = 360_000;

const timeout = INSTALL_TIMEOUT_MILLISECONDS;

/** How a program of the page is started: its file is in a folder with the packages. */
interface Start {
  readonly command: string;
  readonly args: readonly string[];
}

/** Writes a program into a folder and prepares it. @returns how it is started */
type Prepare = (code: string, folder: string) => Promise<Start>;

const RECEIVERS = {
  'Express 5': { marker: 'import express from', prepare: prepareJs, isThere: true },
  'Fastify 5': { marker: "from 'fastify'", prepare: prepareJs, isThere: true },
  'NestJS 11': { marker: "from '@nestjs/core'", prepare: prepareJs, isThere: true },
  Hono: { marker: "from 'hono'", prepare: prepareJs, isThere: true },
  'Flask 3': { marker: 'from flask', prepare: preparePython, isThere: await hasToolchain('python') },
  FastAPI: { marker: 'from fastapi', prepare: preparePython, isThere: await hasToolchain('python') },
  'Django 5': { marker: 'from django', prepare: preparePython, isThere: await hasToolchain('python') },
  Go: { marker: 'package main', prepare: prepareGo, isThere: await hasToolchain('go') },
  'PHP 8': { marker: '<?php', prepare: preparePhp, isThere: await hasToolchain('php') },
} as const;

const snippets = (await readSnippets()).filter(({ page }) => page === PAGE);

describe.each(Object.entries(RECEIVERS))('the receiver for %s', (name, { marker, prepare, isThere }) => {
  test.runIf(isThere)('takes signed webhooks, and no others', { timeout }, async () => {
    const matching = snippets.filter(({ code }) => code.includes(marker));
    expect(matching, name).toHaveLength(1);
    await using receiver = await Receiver.start(matching[0]?.code ?? '', prepare);
    const now = Date.now();
    const signed = signedHeaders('id-1', BODY, [SECRET], now);

    expect(await receiver.post(signed)).toBe(204);
    expect(await receiver.post(signedHeaders('id-2', BODY, [OTHER, SECRET], now))).toBe(204);
    expect(await receiver.post(signed, BODY.replace('ü', 'u'))).toBe(400);
    expect(await receiver.post({ ...signed, 'webhook-id': 'id-3' })).toBe(400);
    expect(await receiver.post(signedHeaders('id-4', BODY, [OTHER], now))).toBe(400);
    expect(await receiver.post(signedHeaders('id-5', BODY, [SECRET], now - SIX_MINUTES))).toBe(400);
    expect(await receiver.post({})).toBe(400);
    await expect.poll(() => receiver.output.match(/succeeded ü-17/g)).toHaveLength(2);
  });
});

/** A program of the page, as a process of its own. It is killed when it is disposed. */
class Receiver implements AsyncDisposable {
  output = '';
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #port: number;

  static async start(code: string, prepare: Prepare): Promise<Receiver> {
    const folder = await mkdtemp(join(tmpdir(), 'coatcheck-receiver-'));
    const [start, port] = await Promise.all([prepare(code, folder), freePort()]);
    const receiver = new Receiver(folder, start, port);
    await eventually(() => receiver.post({}));
    return receiver;
  }

  private constructor(folder: string, { command, args }: Start, port: number) {
    this.#folder = folder;
    this.#port = port;
    const env = { ...process.env, WEBHOOK_SECRET: SECRET, PORT: String(port), PYTHONUTF8: '1' };
    this.#child = spawn(command, args, { cwd: folder, env });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  /** Sends a webhook as the service does. @returns the status */
  async post(headers: Readonly<Record<string, string>>, body = BODY): Promise<number> {
    const sender = new HttpsSender({ callbacks: 'local', callbackPorts: [] });
    return (await sender.post(`http://localhost:${this.#port}/hooks`, headers, body)).status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function prepareJs(code: string, folder: string): Promise<Start> {
  const { folder: peers } = await installJsPeers('receivers-js');
  const tsconfigRaw = { compilerOptions: { experimentalDecorators: true } };
  const file = join(folder, 'receiver.mjs');
  await symlink(join(peers, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(file, (await transform(code, { loader: 'ts', tsconfigRaw })).code);
  return { command: process.execPath, args: [file] };
}

async function preparePython(code: string, folder: string): Promise<Start> {
  const file = join(folder, 'receiver.py');
  await writeFile(file, code);
  return { command: await installPythonPeers('receivers-python'), args: [file] };
}

async function prepareGo(code: string, folder: string): Promise<Start> {
  for (const file of ['go.mod', 'go.sum'])
    await copyFile(join(peerFolder('receivers-go'), file), join(folder, file));
  await writeFile(join(folder, 'main.go'), code);
  await runProgram('go', ['build', '-o', 'receiver', '.'], { cwd: folder });
  return { command: join(folder, 'receiver'), args: [] };
}

/** By the configuration that PHP has without a file, as in its container image: it shows errors in the response. */
async function preparePhp(code: string, folder: string): Promise<Start> {
  const file = join(folder, 'receiver.php');
  await writeFile(file, code);
  return { command: 'sh', args: ['-c', `exec php -n -S "localhost:$PORT" '${file}'`] };
}
