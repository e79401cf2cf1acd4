import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { awsVariables } from '../../lib/local/environment.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { coatcheck } from '../support/coatcheck.ts';

/** Runs a command for the stack under test, found as a user finds it. */
function onStack(args: readonly string[], cwd?: string) {
  const variables = awsVariables(inject('endpoint'));
  return coatcheck([...args, '--stack', 'E2e-cloudevents'], { variables, cwd });
}

test('files of any size are handed in, and their results written', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'order.json'), JSON.stringify({ do: 'echo', value: 1 }));
  await writeFile(join(cwd, 'wrong.json'), JSON.stringify({ do: 'refuse', reason: 'out of paper' }));
  await writeFile(join(cwd, 'form.bin'), new Uint8Array(5_000_000));
  await writeFile(join(cwd, 'parts.bin'), new Uint8Array(110_000_000));
  const files = ['order.json', 'wrong.json', 'form.bin', 'parts.bin'];

  const { exitCode, stdout, stderr } = await onStack(
    ['submit', ...files, '--metadata', 'colour=blue', '--wait', '-o', 'results'],
    cwd,
  );

  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('refused: out of paper')]);
  const resultOf = async (file: string) =>
    JSON.parse(await readFile(join(cwd, 'results', `${file}.result.json`), 'utf8'));
  expect(await resultOf('order.json')).toEqual({ value: 1, attempt: 1, metadata: { colour: 'blue' } });
  expect(await resultOf('form.bin')).toMatchObject({ bytes: 5_000_000 });
  expect(await resultOf('parts.bin')).toMatchObject({ bytes: 110_000_000 });

  const failed = stdout.split('\n').find((line) => line.includes('\twrong.json\t')) ?? '';
  const [id = ''] = failed.split('\t');
  expect(await onStack(['status', id])).toMatchObject({ exitCode: 3, stderr: '' });
  expect((await onStack(['list', '--status', 'failed', '--all'])).stdout).toContain(id);
});
