import type { Command } from 'commander';
import { contentCommand } from '../content-command.ts';
import type { Run } from '../run.ts';

const EXAMPLES = `
Examples:
  npx coatcheck result 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d | jq .
  npx coatcheck result 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d -o profile.json`;

/** `coatcheck result`: downloads the result of a request. */
export function resultCommand(run: Run): Command {
  return contentCommand('result', EXAMPLES, run);
}
