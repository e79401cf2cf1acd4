import { Command, Option } from 'commander';
import { note } from '../../terminal/output.ts';
import { readDuration, readTime } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { printPause } from './print-pause.ts';

const EXAMPLES = `
Examples:
  npx coatcheck pause --for 30min --reason 'The database moves'
  npx coatcheck pause --until 2026-01-31T12:00:00Z --reason 'The database moves'
  npx coatcheck pause`;

interface PauseOptions extends ServiceOptions {
  readonly for?: number;
  readonly until?: Date;
  readonly reason?: string;
}

/** `coatcheck pause`: pauses all processing, or shows the pause that lasts. */
export function pauseCommand({ signal }: Run): Command {
  const command = new Command('pause')
    .description(
      'Pause all processing: new requests are accepted and wait, running ones continue. Replaces an earlier pause. Without options, show the pause.',
    )
    .addOption(
      new Option('--for <time>', 'how long, for example 30min; at most a day')
        .argParser(readDuration)
        .conflicts('until'),
    )
    .option('--until <time>', 'time when the pause ends, for example 2026-01-31T12:00:00Z', readTime)
    .option('--reason <text>', 'reason; callers who wait for a request see it')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action(async (options: PauseOptions) => {
    const { reason, until = endOf(options.for) } = options;
    if ((until === undefined) !== (reason === undefined)) {
      command.error('error: a pause needs --reason, and --for or --until');
    }
    await withService(options, signal, async (client) => {
      if (until && reason !== undefined)
        return printPause(await client.pause({ until, reason }, { signal }), options);
      const { pause } = await client.serviceStatus({ signal });
      if (pause) await printPause(pause, options);
      else note('Nothing is paused.');
    });
  });
}

function endOf(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(Date.now() + seconds * 1_000);
}
