import { join } from 'node:path';
import { beforeAll, expect, inject, test } from 'vitest';
import { toolEnvironment } from '../../lib/local/environment.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { installPythonTool } from '../../lib/local/python-tool.ts';
import { run } from '../../lib/local/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Service } from './service.ts';

/** Allows for its installation. */
const INSTALL_TIMEOUT_MILLISECONDS = 300_000;

/** Generated calls of an operation in each phase. */
const CALLS = 4;

const FOLDER = join(PROJECT_FOLDER, 'test/e2e/fuzz');

let python = '';
beforeAll(async () => {
  python = await installPythonTool('schemathesis');
}, INSTALL_TIMEOUT_MILLISECONDS);

test('the API conforms to its description for generated calls', async () => {
  const { apiUrl } = new Service('E2e-fuzz');
  const config = ['--config-file', join(FOLDER, 'schemathesis.toml'), '--no-color'];
  const bounds = ['--seed', '1', '--max-examples', String(CALLS), '--workers', '2'];
  const args = ['-m', 'schemathesis.cli', ...config, 'run', `${apiUrl}/v1/openapi.json`, '--url', apiUrl];
  const { succeeded, output } = await run(python, ['-B', ...args, ...bounds], {
    cwd: await temporaryFolder(),
    env: { ...toolEnvironment(inject('endpoint')), PYTHONPATH: FOLDER },
  });
  expect(succeeded ? '' : output).toBe('');
  expect(output).toMatch(/Selected: (\d+)\/\1\n +Tested: \1\n/);
});
