import { Command } from 'commander';
import { isForPeople } from '../../terminal/output.ts';
import { printAttempts } from '../attempt-rows.ts';
import { eachRequest } from '../each-request.ts';
import { EXIT_CODES_HELP, exitCodeOf } from '../exit-status.ts';
import { PauseNotes } from '../pause-notes.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addRequestOptions, addTenantOption, type TenantCommandOptions } from '../service-options.ts';

const EXAMPLES = `
Examples:
  npx coatcheck status 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d
  npx coatcheck status --json 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d | jq .progress`;

/** `coatcheck status`: prints the status of requests. */
export function statusCommand(run: Run): Command {
  const command = new Command('status')
    .description('Print the status of requests and, on a terminal, their attempts.')
    .argument('<ids...>', 'tickets')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', EXIT_CODES_HELP);
  return addTenantOption(addRequestOptions(command)).action((ids: string[], options: TenantCommandOptions) =>
    withService(options, run.signal, async (client) => {
      const { source, tenant, json } = options;
      const requests = await eachRequest(ids, run, (id) =>
        client.status(id, { source, tenant, signal: run.signal }),
      );
      for (const request of requests) run.exit.add(exitCodeOf(request));
      const pauses = new PauseNotes();
      // On a terminal and in JSON, each request says what it waits for.
      if (!json && !isForPeople({ json })) for (const request of requests) pauses.see(request);
      await printRequests(requests, { json, detailed: true });
      printAttempts(requests, { json });
    }),
  );
}
