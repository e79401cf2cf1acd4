import { Command } from 'commander';
import type { Run } from '../run.ts';
import { addScheduleCommand } from './add.ts';
import { listSchedulesCommand } from './list.ts';
import { nextRunsCommand } from './next.ts';
import { pauseScheduleCommand, resumeScheduleCommand } from './pause.ts';
import { removeScheduleCommand } from './remove.ts';
import { runScheduleCommand } from './run.ts';

/** `coatcheck schedules`: manages the schedules of a service. */
export function schedulesCommand(run: Run): Command {
  return new Command('schedules')
    .description('Submit requests on a schedule, by cron or interval.')
    .addCommand(listSchedulesCommand(run))
    .addCommand(addScheduleCommand(run))
    .addCommand(runScheduleCommand(run))
    .addCommand(pauseScheduleCommand(run))
    .addCommand(resumeScheduleCommand(run))
    .addCommand(removeScheduleCommand(run))
    .addCommand(nextRunsCommand(run));
}
