import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { ActionKind, NewAction, RequestStatus } from '../../client/index.ts';
import { ACTION_KINDS, DEFAULT_ACTION_RATE } from '../../core/model/action.ts';
import { REQUEST_STATUSES } from '../../core/model/request-record.ts';
import { isForPeople, note } from '../../terminal/output.ts';
import { readPast, readRate } from '../quantities.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { metadataOption, readTopic } from '../submit/options.ts';
import { PayloadFiles } from '../submit/payload-files.ts';
import { printActions } from './action-rows.ts';

const EXAMPLES = `
At least one filter is needed. Planning changes no request.

Examples:
  npx coatcheck actions plan redrive --code EDOWN --since 2h --canary 5% --stop-above 20%
  npx coatcheck actions plan redrive --metadata customer=acme
  npx coatcheck actions plan purge --tenant acme --until 7d
  npx coatcheck actions plan cancel --topic images.thumbnail --reason 'Wrong size'
  npx coatcheck actions plan rehearse --code TypeError
  npx coatcheck actions plan retry 019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42 --payload fixed.json`;

interface PlanOptions extends ServiceOptions {
  readonly failureGroup?: string;
  readonly code?: string;
  readonly tenant?: string;
  readonly topic?: string;
  readonly status?: RequestStatus;
  readonly handlerVersion?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly since?: Date;
  readonly until?: Date;
  readonly createdSince?: Date;
  readonly createdUntil?: Date;
  readonly rate?: number;
  readonly canary?: number;
  readonly stopAbove: number;
  readonly reason?: string;
  readonly payload?: string;
  readonly contentType?: string;
}

/** `coatcheck actions plan`: plans an action. */
export function planActionCommand(run: Run): Command {
  const readTime = readPast(Date.now());
  const command = new Command('plan')
    .description('List the requests that an action would handle.')
    .addArgument(new Argument('<action>', 'what to do with the requests').choices(ACTION_KINDS))
    .argument('[ids...]', 'only requests with these tickets')
    .option('--failure-group <id>', 'only failures of this group')
    .option('--code <code>', 'only those with this error')
    .option('--tenant <tenant>', "only those of this tenant; '' for those without a tenant")
    .option('--topic <topic>', 'only those with this topic', readTopic)
    .addOption(new Option('--status <status>', 'only those with this status').choices(REQUEST_STATUSES))
    .option('--handler-version <version>', 'only those whose latest attempt was taken by this version')
    .addOption(
      metadataOption('only those with this metadata, of keys that the service declares; can be repeated'),
    )
    .option(
      '--since <time>',
      'only those that ended, or were submitted, since then, for example 2h',
      readTime,
    )
    .option('--until <time>', 'only those that ended, or were submitted, before then', readTime)
    .option('--created-since <time>', 'only those that were submitted since then', readTime)
    .option('--created-until <time>', 'only those that were submitted before then', readTime)
    .option('--rate <rate>', `maximum rate, for example 5/s (default: ${DEFAULT_ACTION_RATE}/s)`, readRate)
    .option(
      '--canary <percent>',
      'handle this part first, and wait for its outcomes, for example 5%',
      readPercent,
    )
    .option(
      '--stop-above <percent>',
      'stop if more than this share of the canary fails again',
      readPercent,
      0,
    )
    .option('--reason <text>', 'reason, for the log of operations')
    .option('--payload <file>', 'with retry and one ticket: submit this file instead; - is standard input')
    .option('--content-type <type>', 'content type of the file (default: by its extension)')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action(
    async (action: ActionKind, ids: string[], options: PlanOptions) => {
      const payload = await payloadOf(options, run.signal);
      await withService(options, run.signal, async ({ actions }) => {
        const planned = await actions.plan(newActionOf(action, ids, options, payload), {
          signal: run.signal,
        });
        await printActions([planned], options);
        if (isForPeople(options)) {
          note(`nothing is changed yet; look at it: npx coatcheck actions show ${planned.id} --requests`);
          note(`apply it: npx coatcheck actions apply ${planned.id}`);
        }
      });
    },
  );
}

function newActionOf(
  action: ActionKind,
  ids: readonly string[],
  options: PlanOptions,
  payload: NewAction['payload'],
): NewAction {
  const { failureGroup, code, tenant, topic, status, handlerVersion, metadata } = options;
  const { since, until, createdSince, createdUntil } = options;
  const { rate, canary, stopAbove, reason } = options;
  return {
    action,
    filter: {
      ...(ids.length > 0 && { ids }),
      failureGroup,
      code,
      tenant,
      topic,
      status,
      handlerVersion,
      metadata,
      since,
      until,
      createdSince,
      createdUntil,
    },
    rate,
    ...(canary !== undefined && { canary: { percent: canary, stopAbovePercent: stopAbove } }),
    reason,
    payload,
  };
}

async function payloadOf(
  { payload: path, contentType }: PlanOptions,
  signal: AbortSignal,
): Promise<NewAction['payload']> {
  if (path === undefined) return undefined;
  await using files = new PayloadFiles(signal);
  const { blob } = await files.open(path);
  const type = contentType ?? blob.type;
  return {
    bytes: new Uint8Array(await blob.arrayBuffer()),
    ...(type !== '' && { contentType: type }),
  };
}

/** `5%` → 5 */
function readPercent(text: string): number {
  const [, number] = /^(\d{1,3})%$/.exec(text) ?? [];
  if (number !== undefined && Number(number) <= 100) return Number(number);
  throw new InvalidArgumentError('It must be a whole number and %, for example 5%.');
}
