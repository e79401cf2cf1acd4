import { Command } from 'commander';
import { note } from '../../../terminal/output.ts';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions, type ServiceOptions } from '../../service-options.ts';
import { printEndpoints } from './endpoint-rows.ts';

/** `coatcheck webhooks endpoints list`: lists endpoints. */
export function listEndpointsCommand(run: Run): Command {
  const command = new Command('list').description('List the endpoints, the oldest first.');
  return addServiceOptions(command).action((options: ServiceOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      const endpoints = await webhookEndpoints.list({ signal: run.signal });
      await printEndpoints(endpoints, options);
      if (endpoints.length === 0) note('no webhook endpoints');
    }),
  );
}
