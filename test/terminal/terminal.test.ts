import { expect, test, vi } from 'vitest';
import { step } from '../../lib/terminal/terminal.ts';

test('without a terminal, a step prints a line before and after, without control characters', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});

  const result = await step('Uploading', async (note) => {
    note('halfway');
    note('111.1 MiB');
    return 42;
  });

  expect(result).toBe(42);
  expect(log.mock.calls).toEqual([['Uploading'], [expect.stringMatching(/^ {2}111\.1 MiB, \d+\.\d s$/)]]);
  log.mockRestore();
});
