import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { Readable, Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { readSnippets } from '../docs/snippets.ts';
import { freePort } from '../local/free-port.ts';
import { accepts } from '../support/brokers/server.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const README = 'examples/orders/README.md';

/** What `npx coatcheck` runs in a checkout. */
const NPX = `npx() { shift; node "${PROJECT_FOLDER}/bin/coatcheck.ts" "$@"; }\n`;

/** A shell that a reader pastes commands into. */
class Shell implements AsyncDisposable {
  readonly #bash: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: NodeJS.AsyncIterator<string>;

  constructor(cwd: string, variables: Readonly<Record<string, string>>) {
    const env = { PATH: process.env.PATH, ...variables };
    this.#bash = spawn('bash', [], { cwd, env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#lines = createInterface(this.#bash.stdout)[Symbol.asyncIterator]();
    this.#bash.stdin.write(NPX);
  }

  /** @returns what the commands print */
  async run(commands: string): Promise<string> {
    this.#bash.stdin.write(`${commands}\necho; echo END\n`);
    const printed: string[] = [];
    for (;;) {
      const { value: line, done } = await this.#lines.next();
      if (done) throw new Error(`The shell ended: ${printed.join('\n')}`);
      if (line === 'END') return printed.join('\n').trim();
      printed.push(line);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bash.stdin.end('kill -9 $(jobs -p); exit\n');
    await once(this.#bash, 'exit');
  }
}

/** Without what is new in each run. */
const comparable = (output: string) =>
  output
    .trim()
    .replace(/"ticket":"[\da-f-]{36}"/, '"ticket"')
    .replace(/[\d.]+ s;/, 'some s;');

test('the commands of the README print what it shows', async () => {
  const cwd = await temporaryFolder();
  for (const name of ['examples', 'node_modules']) await symlink(join(PROJECT_FOLDER, name), join(cwd, name));
  const port = await freePort();
  await using shell = new Shell(cwd, { PORT: String(port) });
  const snippets = (await readSnippets()).filter(({ page, language }) => page === README && language !== '');
  expect(snippets.filter(({ language }) => language === 'sh').length).toBeGreaterThan(8);
  for (const [nth, { language, code }] of snippets.entries()) {
    if (language !== 'sh') continue;
    const next = snippets[nth + 1];
    const shown = next && next.language !== 'sh' ? comparable(next.code) : undefined;
    const run = async () => comparable(await shell.run(code.replaceAll('3000', String(port))));
    // An order is placed once. What the services do then takes a moment.
    const isOrder = code.includes(' -d ');
    if (isOrder) await eventually(() => accepts(port));
    if (shown === undefined || isOrder) expect(await run()).toEqual(shown ?? expect.anything());
    else await eventually(async () => expect(await run()).toBe(shown));
  }
  await eventually(async () => expect(await accepts(port).catch(() => false)).toBe(false));
});

test('whatever is killed when, an order is charged once, one that was not committed never is, and each gets its status', async () => {
  const folder = await temporaryFolder();
  const files = { orders: join(folder, 'orders.db'), payments: join(folder, 'payments.db') };
  const port = await freePort();
  const start = (name: string, ...args: readonly string[]) => {
    const child = spawn(process.execPath, [join(PROJECT_FOLDER, 'examples/orders', `${name}.ts`), ...args], {
      env: { PATH: process.env.PATH, PORT: String(port), POWERTOOLS_LOG_LEVEL: 'CRITICAL' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const startOrders = async () => {
    const child = start('orders', files.orders);
    await eventually(() => accepts(port));
    return child;
  };
  const startPayments = () => start('payments', files.payments);
  const startRelay = () => start('relay', files.orders, files.payments);

  const placed: string[] = [];
  /** @returns the status of the answer; undefined if there was none */
  const place = async (id: string, cents: number) => {
    const body = JSON.stringify({ id, item: 'book', cents });
    const answer = await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST', body }).catch(
      () => undefined,
    );
    if (answer?.ok) placed.push(id);
    return answer?.status;
  };
  let number = 0;
  /** Every fifth card is declined. Each order comes twice. */
  const placeNext = async () => {
    const id = `n${++number}`;
    for (const _ of ['first', 'again']) await place(id, number % 5 === 0 ? 100_001 : number);
  };
  /** Places orders until the work is done. */
  const placeDuring = async (work: () => Promise<void>) => {
    let isOver = false;
    const placing = (async () => {
      while (!isOver) await placeNext();
    })();
    await work().finally(() => {
      isOver = true;
    });
    await placing;
  };

  const ordersService = await startOrders();
  const paymentsService = startPayments();
  let relay = startRelay();
  using orders = new DatabaseSync(files.orders, { timeout: 20_000 });
  using payments = new DatabaseSync(files.payments, { timeout: 20_000 });
  const charged = (id: string) =>
    payments.prepare('SELECT count(*) AS count FROM app_payments WHERE order_id = ?').get(id)?.count;
  expect(await place('first', 1)).toBe(201);
  expect(await place('first', 1)).toBe(409);
  expect(await place('free', 0)).toBe(400);

  // The relay, between the submission of a row and its deletion.
  await eventually(() => assertSettled(orders));
  await kill(relay);
  await place('between', 1);
  orders.exec('BEGIN IMMEDIATE');
  relay = startRelay();
  await eventually(() => expect(charged('between')).toBe(1));
  expect(
    orders.prepare("SELECT count(*) AS count FROM outbox WHERE payload LIKE '%between%'").get()?.count,
  ).toBe(1);
  await kill(relay);
  orders.exec('ROLLBACK');
  startRelay();

  // The payments service, between the start of a handler and its commit.
  await placeDuring(async () => {
    await eventually(() => {
      payments.exec('BEGIN IMMEDIATE');
      const running = "SELECT count(*) AS count FROM records WHERE record ->> 'status' = 'running'";
      if (payments.prepare(running).get()?.count !== 0) return;
      payments.exec('ROLLBACK');
      throw new Error('Nothing is running');
    });
    await kill(paymentsService);
    payments.exec('ROLLBACK');
  });
  startPayments();

  // The orders service, while orders come in.
  await placeDuring(async () => {
    const before = placed.length;
    await eventually(() => expect(placed.length).toBeGreaterThan(before + 20));
    await kill(ordersService);
  });
  await startOrders();
  await placeNext();

  await eventually(() => assertSettled(orders));
  const all = orders.prepare('SELECT * FROM orders ORDER BY id').all();
  expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(placed));
  expect(all.map(({ cents, status }) => [cents, status])).toEqual(
    all.map(({ cents }) => [cents, Number(cents) > 100_000 ? 'payment_failed' : 'paid']),
  );
  expect(
    payments.prepare('SELECT order_id, cents, request FROM app_payments ORDER BY order_id').all(),
  ).toEqual(
    all
      .filter(({ status }) => status === 'paid')
      .map(({ id, cents, ticket }) => ({ order_id: id, cents, request: ticket })),
  );
  expect(payments.prepare('SELECT count(*) AS count FROM records').get()?.count).toBe(all.length);
});

/** Every order has its outcome, and every row of the outbox is relayed. */
function assertSettled(orders: DatabaseSync): void {
  expect(orders.prepare("SELECT id FROM orders WHERE status = 'placed'").all()).toEqual([]);
  expect(orders.prepare('SELECT id FROM outbox').all()).toEqual([]);
}

async function kill(child: ChildProcess): Promise<void> {
  expect(child.exitCode).toBe(null);
  child.kill('SIGKILL');
  await once(child, 'exit');
}
