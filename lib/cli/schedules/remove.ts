import { Command } from 'commander';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

/** `coatcheck schedules remove`: removes schedules. */
export function removeScheduleCommand(run: Run): Command {
  const command = new Command('remove')
    .description('Remove schedules. Requests that were already submitted are not affected.')
    .argument('<names...>', 'names of the schedules');
  return addServiceOptions(command).action((names: string[], options: ServiceOptions) =>
    withService(options, run.signal, async ({ schedules }) => {
      for (const name of names) await schedules.remove(name, { signal: run.signal });
    }),
  );
}
