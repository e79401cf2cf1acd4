import { Command } from 'commander';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions, type ServiceOptions } from '../../service-options.ts';

/** `coatcheck webhooks endpoints remove`: removes endpoints. */
export function removeCommand(run: Run): Command {
  const command = new Command('remove')
    .description('Remove endpoints. Webhooks that are waiting for them are dropped.')
    .argument('<ids...>', 'ids of the endpoints');
  return addServiceOptions(command).action((ids: string[], options: ServiceOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      for (const id of ids) await webhookEndpoints.remove(id, { signal: run.signal });
    }),
  );
}
