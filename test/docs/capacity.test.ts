import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { run } from '../../lib/local/run.ts';
import { DOLLARS_A_MILLION_CALLS } from '../../lib/planner/prices.ts';

/** Every command of the page, with what the page says it prints. */
const page = await readFile(join(PROJECT_FOLDER, 'docs', 'capacity.md'), 'utf8');
const examples = [...page.matchAll(/```sh\nnpx coatcheck (.+)\n```\n\n```text\n([^`]*)```/g)];

test('the page has examples', () => {
  expect(examples).toHaveLength(5);
});

test.each([
  ['SNS', 'calls of SNS cost'],
  ['EventBridge Scheduler', 'invocations of EventBridge Scheduler cost'],
] as const)('the page has the price of %s, which no plan contains', (service, what) => {
  expect(page).toContain(`A million ${what} $${DOLLARS_A_MILLION_CALLS[service].toFixed(2)}`);
});

test.each(examples.map(([, command = '', printed]) => [command, printed]))('%s', async (command, printed) => {
  const { FORCE_COLOR, ...env } = process.env;
  const program = join(PROJECT_FOLDER, 'bin', 'coatcheck.ts');
  const { output } = await run(process.execPath, [program, ...command.split(' ')], { env });
  expect(output.trimEnd()).toBe(printed?.trimEnd());
});
