import { Command } from 'commander';
import type { DeployedService } from '../../aws/deployed-services.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import { kindOf, listServices } from '../deployment.ts';
import type { Run } from '../run.ts';
import { jsonOption } from '../service-options.ts';

const EXAMPLES = `
Lists the services, and subscriptions to their outcomes, of the local deployment if it runs, else those of all stacks in the account and region of your AWS
settings.

Examples:
  npx coatcheck services
  npx coatcheck submit orders.csv --stack Shop --service Orders`;

const HEADER = ['stack', 'service', 'processor', 'API'] as const;

/** `coatcheck services`: lists deployed services. */
export function servicesCommand({ signal }: Run): Command {
  return new Command('services')
    .description('List the deployed services, by stack.')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async ({ json }: { readonly json?: true }) => {
      const services = await listServices({ signal });
      if (json) for (const service of services) await printJson(service);
      else if (isForPeople({ json })) printRows(HEADER, services.map(cellsOf), ['processor', 'API']);
      else for (const service of services) await printCells(cellsOf(service));
      if (services.length === 0) note('no services');
    });
}

function cellsOf(deployed: DeployedService): string[] {
  const { stack, service, outputs } = deployed;
  const processor = kindOf(deployed) === 'subscription' ? '(subscription)' : (outputs.ProcessorEntry ?? '');
  return [stack, service, processor, outputs.ApiUrl ?? ''];
}
