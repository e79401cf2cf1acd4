import { Command } from 'commander';
import { note } from '../../terminal/output.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printSchedules } from './schedule-rows.ts';

/** `coatcheck schedules list`: lists schedules. */
export function listSchedulesCommand(run: Run): Command {
  const command = new Command('list').description('List the schedules, by name.');
  return addServiceOptions(command).action((options: ServiceOptions) =>
    withService(options, run.signal, async ({ schedules }) => {
      const listed = await schedules.list({ signal: run.signal });
      await printSchedules(listed, options);
      if (listed.length === 0) note('no schedules');
    }),
  );
}
