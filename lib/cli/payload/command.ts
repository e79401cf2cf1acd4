import type { Command } from 'commander';
import { contentCommand } from '../content-command.ts';
import type { Run } from '../run.ts';

const EXAMPLES = `
A payload that came in its message is kept until the request has ended, a larger one as long as the store keeps it.

Examples:
  npx coatcheck payload 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d | jq .
  npx coatcheck payload --tenant acme 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d -o order.json`;

/** `coatcheck payload`: downloads the payload of a request. */
export function payloadCommand(run: Run): Command {
  return contentCommand('payload', EXAMPLES, run);
}
