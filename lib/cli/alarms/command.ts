import { Command } from 'commander';
import type { ServiceAlarm } from '../../client/index.ts';
import { isForPeople, note, printCells, printJson, printRows } from '../../terminal/output.ts';
import { EXIT } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

const HEADER = ['alarm', 'state', 'since', 'reason'] as const;

/** `coatcheck alarms`: prints the alarms of a service. */
export function alarmsCommand({ signal, exit }: Run): Command {
  const command = new Command('alarms').description(
    'Print the alarms of a service, and what to do about those that are raised. Exits with 1 if one is raised.',
  );
  return addServiceOptions(command).action((options: ServiceOptions) =>
    withService(options, signal, async (client) => {
      const alarms = await client.alarms({ signal });
      const raised = alarms.filter(({ state }) => state === 'alarm');
      if (raised.length > 0) exit.add(EXIT.error);
      if (!isForPeople(options)) {
        for (const alarm of alarms) await (options.json ? printJson(alarm) : printCells(cellsOf(alarm)));
        return;
      }
      printRows(HEADER, alarms.map(cellsOf), ['reason', 'since']);
      for (const { name, description } of raised) note(`${name}: ${description}`);
    }),
  );
}

function cellsOf({ name, state, since = '', reason = '' }: ServiceAlarm): string[] {
  return [name, state, since, reason];
}
