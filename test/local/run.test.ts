import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { run, tailOf } from '../../lib/local/run.ts';

describe('running a command', () => {
  test('collects its output, whether it succeeds or fails', async () => {
    const script = 'console.log("out"); console.error("err"); process.exitCode = Number(process.argv[1])';

    const succeeded = await run(process.execPath, ['--eval', script, '0']);
    expect(succeeded).toEqual({ succeeded: true, output: expect.stringContaining('out\n') });
    expect(succeeded.output).toContain('err\n');
    expect(await run(process.execPath, ['--eval', script, '3'])).toMatchObject({ succeeded: false });
  });

  test('rejects for an unknown command', async () => {
    await expect(run('no-such-command', [])).rejects.toThrow('ENOENT');
  });

  test('kills it with its child processes when the signal is aborted', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const grandchild = `require('node:net').connect(${port}, '127.0.0.1'); setInterval(() => {}, 1000)`;
    const child = `require('node:child_process').execFileSync(process.execPath, ['--eval', ${JSON.stringify(grandchild)}])`;
    const interruption = new AbortController();

    const running = run(process.execPath, ['--eval', child], { signal: interruption.signal });
    const [connection] = await once(server, 'connection');
    const closed = once(connection.resume(), 'close');
    interruption.abort(new Error('Ctrl-C'));

    await expect(running).rejects.toThrow('Ctrl-C');
    await closed;
  });
});

test('the tail of an output omits blank lines', () => {
  expect(tailOf('one\n\ntwo\r\n \nthree\n', 2)).toBe('two\nthree');
});
