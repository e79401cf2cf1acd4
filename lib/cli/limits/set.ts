import { Command, InvalidArgumentError, Option } from 'commander';
import { isRate, type Rate } from '../../core/config/limits.ts';
import { readCount, readDuration, readTime } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { addKeyArguments } from './key-arguments.ts';
import { printLimit } from './limit-rows.ts';

const EXAMPLES = `
Examples:
  npx coatcheck limits set tenant acme --concurrency 20
  npx coatcheck limits set metadata.model large --rate 30/min
  npx coatcheck limits set tenant acme --pause 2h
  npx coatcheck limits set tenant acme --resume`;

/** When a pause ended that is to end now. Clocks of the callers and the processors differ. */
const LONG_AGO = new Date(0);

interface SetOptions extends ServiceOptions {
  readonly concurrency?: number;
  readonly rate?: Rate;
  readonly maxWaiting?: number;
  readonly pauseUntil?: Date;
  readonly pause?: number;
  readonly resume?: true;
}

/** `coatcheck limits set`: changes one value of a key. */
export function setLimitCommand(run: Run): Command {
  const command = new Command('set')
    .description(
      'Change the limit of one value of a key until it is reset. Takes effect within 5 seconds for new requests, and within 5 minutes for those that were already held back.',
    )
    .option('--concurrency <count>', 'maximum number of requests that run at a time', readCount)
    .option(
      '--rate <rate>',
      'maximum number of requests that start per s, min or h, for example 100/min',
      readLimitRate,
    )
    .option('--max-waiting <count>', 'maximum number of waiting requests', readCount)
    .option(
      '--pause-until <time>',
      "don't start requests before this time, for example 2026-01-31T12:00:00Z",
      readTime,
    )
    .addOption(
      new Option('--pause <time>', 'start no request for this long, for example 10min')
        .argParser(readDuration)
        .conflicts('pauseUntil'),
    )
    .addOption(new Option('--resume', 'end a pause').conflicts(['pause', 'pauseUntil']))
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(addKeyArguments(command)).action(
    async (key: string, value: string | undefined, options: SetOptions) => {
      const { concurrency, rate, maxWaiting } = options;
      const pausedUntil = pauseEndOf(options, Date.now());
      const change = { concurrency, rate, maxWaiting, pausedUntil };
      if (Object.values(change).every((member) => member === undefined)) {
        command.error(
          'error: nothing to set: give --concurrency, --rate, --max-waiting, --pause, --pause-until or --resume',
        );
      }
      await withService(options, run.signal, async ({ limits }) => {
        await printLimit(await limits.change(key, value, change, { signal: run.signal }), options);
      });
    },
  );
}

function pauseEndOf({ pause, pauseUntil, resume }: SetOptions, now: number): Date | undefined {
  if (resume) return LONG_AGO;
  return pause === undefined ? pauseUntil : new Date(now + pause * 1_000);
}

function readLimitRate(text: string): Rate {
  if (isRate(text)) return text;
  throw new InvalidArgumentError('It must be a whole number, then /s, /min or /h, for example 100/min.');
}
