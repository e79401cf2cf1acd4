import { Command, Option } from 'commander';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions } from '../../service-options.ts';
import { printEndpoints } from './endpoint-rows.ts';
import { addEndpointOptions, type EndpointOptions } from './options.ts';

const EXAMPLES = `
Options that aren't given change nothing. --enable also clears failingSince: look at it first, to know where to start the replay.

Examples:
  npx coatcheck webhooks endpoints update 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --enable
  npx coatcheck webhooks endpoints update 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d --topic 'images.*' reports`;

interface UpdateOptions extends EndpointOptions {
  readonly url?: string;
  readonly enable?: true;
  readonly disable?: true;
}

/** `coatcheck webhooks endpoints update`: changes an endpoint. */
export function updateCommand(run: Run): Command {
  const command = new Command('update')
    .description('Change an endpoint, enable or disable it.')
    .argument('<id>', 'id of the endpoint')
    .option('--url <url>', 'URL to POST the events to')
    .option('--enable', 'send events again')
    .addOption(new Option('--disable', 'send nothing').conflicts('enable'))
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(addEndpointOptions(command)).action((id: string, options: UpdateOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      const { url, event: events, topic: topics, description } = options;
      const changes = { url, events, topics, description, status: statusOf(options) };
      await printEndpoints([await webhookEndpoints.update(id, changes, { signal: run.signal })], options);
    }),
  );
}

function statusOf({ enable, disable }: UpdateOptions): 'enabled' | 'disabled' | undefined {
  if (enable) return 'enabled';
  return disable ? 'disabled' : undefined;
}
