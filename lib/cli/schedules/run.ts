import { Command } from 'commander';
import { eachRequest } from '../each-request.ts';
import { printRequests } from '../request-rows.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

interface RunScheduleOptions extends ServiceOptions {
  readonly idempotencyKey?: string;
}

/** `coatcheck schedules run`: runs schedules now. */
export function runScheduleCommand(run: Run): Command {
  const command = new Command('run')
    .description(
      'Run schedules now, also paused ones, and print the tickets. Their next runs stay as they are.',
    )
    .argument('<names...>', 'names of the schedules')
    .option(
      '--idempotency-key <key>',
      'running a schedule again with the same key within a day returns the same request',
    );
  return addServiceOptions(command).action(async (names: string[], options: RunScheduleOptions) => {
    const { idempotencyKey, json } = options;
    try {
      await withService(options, run.signal, async ({ schedules }) => {
        const runOne = (name: string) => schedules.run(name, { idempotencyKey, signal: run.signal });
        await printRequests(await eachRequest(names, run, runOne), { json });
      });
    } catch (error) {
      // An invalid key.
      if (error instanceof RangeError) command.error(`error: ${error.message}`);
      throw error;
    }
  });
}
