import { Command } from 'commander';
import type { Run } from '../../run.ts';
import { withService } from '../../service.ts';
import { addServiceOptions } from '../../service-options.ts';
import { printWithSecret } from './endpoint-rows.ts';
import { addEndpointOptions, type EndpointOptions } from './options.ts';

const EXAMPLES = `
Examples:
  npx coatcheck webhooks endpoints add https://example.com/hooks/coatcheck
  npx coatcheck webhooks endpoints add https://example.com/hooks/images --event failed --topic 'images.*'`;

/** `coatcheck webhooks endpoints add`: adds an endpoint. */
export function addCommand(run: Run): Command {
  const command = new Command('add')
    .description('Add an endpoint, and print the secret that verifies its webhooks.')
    .argument('<url>', 'URL to POST the events to')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(addEndpointOptions(command)).action((url: string, options: EndpointOptions) =>
    withService(options, run.signal, async ({ webhookEndpoints }) => {
      const { event: events, topic: topics, description } = options;
      const added = await webhookEndpoints.create(
        { url, events, topics, description },
        { signal: run.signal },
      );
      await printWithSecret(added, options);
    }),
  );
}
