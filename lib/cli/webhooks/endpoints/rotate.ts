import { Command } from 'commander';
import { readGrace } from '../../quantities.ts';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions, type ServiceOptions } from '../../service-options.ts';
import { printWithSecret } from './endpoint-rows.ts';

const EXAMPLES = `
Examples:
  npx coatcheck webhooks endpoints rotate 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --grace 7d
  npx coatcheck webhooks endpoints rotate 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --grace 0s`;

interface RotateOptions extends ServiceOptions {
  readonly grace?: number;
}

/** `coatcheck webhooks endpoints rotate`: gives an endpoint a new secret. */
export function rotateCommand(run: Run): Command {
  const command = new Command('rotate')
    .description('Give an endpoint a new secret, and print it.')
    .argument('<id>', 'id of the endpoint')
    .option('--grace <time>', 'how long the old secret stays valid; 0s after a leak (default: 1d)', readGrace)
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action((id: string, options: RotateOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      const rotation = { graceSeconds: options.grace, signal: run.signal };
      await printWithSecret(await webhookEndpoints.rotate(id, rotation), options);
    }),
  );
}
