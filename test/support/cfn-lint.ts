import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPythonTool } from '../../lib/local/python-tool.ts';
import { run } from '../../lib/local/run.ts';

/** The CDK lets a function wait for its role, which the reference to the role does already. */
const NOT_OURS = 'W3005';

/** How long the first use of cfn-lint may take, which installs it. */
export const INSTALL_TIMEOUT_MILLISECONDS = 300_000;

/**
 * What cfn-lint finds in a template; empty if it finds nothing.
 * @param ignored ids of rules
 */
export async function findingsIn(template: object, ignored: readonly string[] = []): Promise<string> {
  const python = await installPythonTool('cfn-lint');
  const folder = await mkdtemp(join(tmpdir(), 'cfn-lint-'));
  const file = join(folder, 'template.json');
  await writeFile(file, JSON.stringify(template));
  const main = ['-c', 'from cfnlint.runner import main; main()'];
  const regions = ['--regions', 'us-east-1', 'eu-central-1'];
  const args = ['--ignore-checks', NOT_OURS, ...ignored, ...regions, '--template', file];
  const { output } = await run(python, [...main, ...args]);
  await rm(folder, { recursive: true });
  return output;
}
