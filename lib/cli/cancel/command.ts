import { Command } from 'commander';
import { eachRequest } from '../each-request.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addRequestOptions, addTenantOption, type TenantCommandOptions } from '../service-options.ts';

const EXAMPLES = `
Examples:
  npx coatcheck cancel 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d
  npx coatcheck list --status queued --all | cut -f 1 | xargs npx coatcheck cancel`;

/** `coatcheck cancel`: cancels requests. */
export function cancelCommand(run: Run): Command {
  const command = new Command('cancel')
    .description('Cancel requests: at once, or when their handler stops (status "cancelling").')
    .argument('<ids...>', 'tickets')
    .addHelpText('after', EXAMPLES);
  return addTenantOption(addRequestOptions(command)).action((ids: string[], options: TenantCommandOptions) =>
    withService(options, run.signal, async (client) => {
      const { source, tenant, json } = options;
      const cancel = (id: string) => client.cancel(id, { source, tenant, signal: run.signal });
      await printRequests(await eachRequest(ids, run, cancel), { json });
    }),
  );
}
