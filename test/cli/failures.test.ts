import { expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { cliService } from '../support/cli-service.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function setUp() {
  const { api, url } = await cliService(async function charge(request) {
    const card = await request.text();
    throw new PermanentError(`Card ${card} was declined`, { code: 'declined' });
  });
  for (const body of ['4711', '815']) {
    await api.call('POST', '/v1/requests', { body });
    await api.deliver();
    api.harness.clock.advanceSeconds(60);
  }
  const cwd = await temporaryFolder();
  const run = (...line: readonly string[]) => coatcheck([...line, '--api', url], { cwd });
  return { api, run };
}

test('failures are listed, shown and noted', async () => {
  const { run } = await setUp();
  const listed = await run('failures', 'list');
  const [id = ''] = listed.stdout.split('\t');
  const group = [
    id,
    '2',
    '2026-01-31T12:01:00.000Z',
    '2026-01-31T12:00:00.000Z',
    'declined',
    'Card <n> was declined',
    'charge (failures.test.ts)',
    '',
    '',
  ];
  expect(listed.stdout).toBe(`${group.join('\t')}\n`);
  const noted = await run('failures', 'note', id, 'known', '--json');
  expect(JSON.parse(noted.stdout)).toMatchObject({ id, note: { text: 'known' } });
  const shown = (await run('failures', 'show', id, '--limit', '1')).stdout.trimEnd().split('\n');
  expect(shown[0]).toBe(group.with(8, 'known').join('\t'));
  expect(shown.slice(1).map((line) => line.split('\t').at(-1))).toEqual(['declined']);
  expect((await run('failures', 'list', '--until', '2026-01-31T12:00:00Z')).stdout).toBe('');
});

test('requests are listed by conditions', async () => {
  const { run } = await setUp();
  const count = async (...line: readonly string[]) =>
    (await run('list', ...line)).stdout.split('\n').filter(Boolean).length;
  expect(await count('--code', 'declined', '--tenant', 'acme')).toBe(0);
  expect(await count('--code', 'declined')).toBe(2);
  expect(await count('--code', 'other')).toBe(0);
  expect(await count('--topic', 'orders')).toBe(0);
  expect(await count('--handler-version', '42')).toBe(0);
  expect(await count('--since', '2026-01-31T12:01:00Z')).toBe(1);
  expect(await count('--until', '2026-01-31T12:01:00Z')).toBe(1);
});

test('what is no group is refused', async () => {
  const { run } = await setUp();
  const unknown = await run('failures', 'show', '0123456789abcdef');
  expect(unknown.exitCode).toBe(1);
  expect(unknown.stderr).toContain(
    'No request of the failure group 0123456789abcdef is there for this caller',
  );
  const malformed = await run('failures', 'show', 'r-1');
  expect(malformed.exitCode).toBe(2);
  expect(malformed.stderr).toContain('It must be the id of a group, 16 hexadecimal digits');
});
