import { Command } from 'commander';
import { print } from '../../../terminal/output.ts';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions, type ServiceOptions } from '../../service-options.ts';
import { printEndpoints } from './endpoint-rows.ts';

interface ShowOptions extends ServiceOptions {
  readonly secret?: true;
}

/** `coatcheck webhooks endpoints show`: prints an endpoint, or its secret. */
export function showEndpointCommand(run: Run): Command {
  const command = new Command('show')
    .description('Print an endpoint.')
    .argument('<id>', 'id of the endpoint')
    .option('--secret', 'print only the secret that verifies its webhooks');
  return addServiceOptions(command).action((id: string, options: ShowOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      const { signal } = run;
      if (options.secret) return print(await webhookEndpoints.secret(id, { signal }));
      await printEndpoints([await webhookEndpoints.get(id, { signal })], options);
    }),
  );
}
