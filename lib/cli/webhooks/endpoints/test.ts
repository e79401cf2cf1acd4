import { Command } from 'commander';
import { printCells, printJson } from '../../../terminal/output.ts';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions, type ServiceOptions } from '../../service-options.ts';

/** `coatcheck webhooks endpoints test`: sends a test. */
export function testCommand(run: Run): Command {
  const command = new Command('test')
    .description('Send a test to an endpoint, and print its webhook-id. If it fails, show prints why.')
    .argument('<id>', 'id of the endpoint');
  return addServiceOptions(command).action((id: string, { json, ...options }: ServiceOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      const webhookId = await webhookEndpoints.test(id, { signal: run.signal });
      await (json ? printJson({ webhookId }) : printCells([webhookId]));
    }),
  );
}
