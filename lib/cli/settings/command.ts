import { Command } from 'commander';
import type { ServiceSetting } from '../../client/index.ts';
import { isForPeople, printCells, printJson, printRows } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

const HEADER = ['setting', 'value', 'unit', 'default', 'from', 'set by'] as const;

/** `coatcheck settings`: prints the settings of a service in effect. */
export function settingsCommand({ signal }: Run): Command {
  const command = new Command('settings').description(
    'Print the settings in effect, the source of each, and what sets it. Values of secrets are not shown.',
  );
  return addServiceOptions(command).action((options: ServiceOptions) =>
    withService(options, signal, async (client) => {
      const settings = await client.settings({ signal });
      if (isForPeople(options))
        return printRows(HEADER, settings.map(cellsOf), ['unit', 'set by', 'default']);
      for (const setting of settings)
        await (options.json ? printJson(setting) : printCells(cellsOf(setting)));
    }),
  );
}

function cellsOf({ name, value, unit = '', default: byDefault, from, setBy = '' }: ServiceSetting): string[] {
  return [name, textOf(value), unit, textOf(byDefault), from, setBy];
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
