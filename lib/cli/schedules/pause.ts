import { Command } from 'commander';
import type { Schedule } from '../../client/index.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printSchedules } from './schedule-rows.ts';

/** What a command does to a schedule. */
interface Change {
  readonly name: 'pause' | 'resume';
  readonly description: string;
}

/** `coatcheck schedules pause`: stops the runs of schedules. */
export function pauseScheduleCommand(run: Run): Command {
  return changeCommand(run, {
    name: 'pause',
    description: 'Pause schedules: they have no runs until they are resumed.',
  });
}

/** `coatcheck schedules resume`: lets paused schedules run again. */
export function resumeScheduleCommand(run: Run): Command {
  return changeCommand(run, {
    name: 'resume',
    description: 'Resume paused schedules. Runs of the time in which they were paused are left out.',
  });
}

function changeCommand(run: Run, { name, description }: Change): Command {
  const command = new Command(name).description(description).argument('<names...>', 'names of the schedules');
  return addServiceOptions(command).action((names: string[], options: ServiceOptions) =>
    withService(options, run.signal, async ({ schedules }) => {
      const changed: Schedule[] = [];
      for (const each of names) changed.push(await schedules[name](each, { signal: run.signal }));
      await printSchedules(changed, options);
    }),
  );
}
