import { Command } from 'commander';
import type { DeadLetter, DeadLetterRequest } from '../../aws/dead-letter.ts';
import type { SqsReceivedMessage } from '../../aws/sqs-source.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import { formatTime } from '../../terminal/figures.ts';
import { formatBytes, formatTable } from '../../terminal/format.ts';
import { isForPeople, note, print, printable, printJson } from '../../terminal/output.ts';
import { outputWidth } from '../../terminal/terminal.ts';
import type { Run } from '../run.ts';
import { matchingRequests } from './filter.ts';
import { addDeadLetterOptions, type DeadLetterOptions } from './options.ts';
import { deadLetterResource, formatPayload } from './report.ts';
import { summarize } from './summary.ts';
import { walkDeadLetters } from './walk.ts';

const EXAMPLES = `
Examples:
  npx coatcheck dead-letters show 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d
  npx coatcheck dead-letters show --full --json 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d | jq -r .body`;

/** Most characters of a body to show without --full. */
const SHOWN_CHARACTERS = 4_096;

interface ShowOptions extends DeadLetterOptions {
  readonly full?: true;
}

/** There is no dead letter with that id. */
class DeadLetterUnknown extends CoatcheckError {
  override readonly name = 'DeadLetterUnknown';
  readonly code = 'dead_letter_unknown';

  constructor(id: string) {
    super(`There is no dead letter for ${id}`);
  }
}

/** `coatcheck dead-letters show`: shows one dead letter in full. */
export function showDeadLetterCommand(run: Run): Command {
  const command = new Command('show')
    .description('Show everything about a dead-lettered request.')
    .argument('<id>', 'ticket, or message id')
    .option('--full', 'show the whole body')
    .addHelpText('after', EXAMPLES);
  return addDeadLetterOptions(command).action((id: string, options: ShowOptions) =>
    showDeadLetter(id, options, run),
  );
}

async function showDeadLetter(id: string, options: ShowOptions, { signal }: Run): Promise<void> {
  const { openDeadLetterService } = await import('./service.ts');
  await using service = await openDeadLetterService(options, signal);
  const filter = { ids: [id] };
  const walk = { filter, limit: Number.POSITIVE_INFINITY, perSecond: Number.POSITIVE_INFINITY, signal };
  let count = 0;
  for await (const { letters } of walkDeadLetters(service, walk)) {
    for (const letter of letters) {
      for (const request of matchingRequests(letter, filter)) {
        count++;
        await printDeadLetter(request, letter, options);
      }
    }
  }
  if (count === 0) throw new DeadLetterUnknown(id);
}

async function printDeadLetter(
  request: DeadLetterRequest,
  letter: DeadLetter,
  options: ShowOptions,
): Promise<void> {
  const { message } = letter;
  const body = options.full ? message.body : message.body.slice(0, SHOWN_CHARACTERS);
  const isCut = body.length < message.body.length;
  if (options.json) {
    return printJson({
      ...deadLetterResource(request, letter),
      record: request.record,
      attributes: textsOf(message),
      groupId: message.groupId,
      payload: formatPayload(request),
      body,
      isCut,
    });
  }
  for (const line of formatTable(factRows(request, message), [], outputWidth())) await print(line);
  // Control characters are removed on a terminal only.
  const lines = isForPeople(options) ? body.split('\n').map(printable) : [body];
  for (const line of ['', ...lines]) await print(line);
  if (isCut) note(`The body is ${formatBytes(Buffer.byteLength(message.body))}; --full shows all of it.`);
}

function factRows(request: DeadLetterRequest, message: SqsReceivedMessage): string[][] {
  const { described, record } = request;
  const { code, message: reason, endedAt, attempts, redrives } = summarize(request);
  const rows: (readonly [string, string | undefined])[] = [
    ['ticket', described.id],
    ['source', described.source],
    ['tenant', described.tenant],
    ['status', record?.status],
    ['error', `${code}: ${reason}`],
    ['failure group', record?.failureGroup],
    ['failed', formatTime(endedAt)],
    ['attempts', String(attempts)],
    ['version', record?.handlerVersion],
    ['put back', String(redrives)],
    ['created', formatTime(record?.createdAt)],
    ['expires', formatTime(record?.request.expiresAt)],
    ['trace', described.traceparent],
    ['payload', formatPayload(request)],
    ['message', message.id],
    ['sent', formatTime(message.sentAt)],
    ['group', message.groupId],
    ...Object.entries(textsOf(message)).map(([name, text]) => [`@${name}`, text] as const),
  ];
  return rows.flatMap(([name, text]) => (text ? [[name, printable(text)]] : []));
}

/** The attributes as text; for binary ones, their size. */
function textsOf({ attributes }: SqsReceivedMessage): Record<string, string> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, { StringValue, BinaryValue }]) => [
      name,
      StringValue ?? formatBytes(BinaryValue?.byteLength ?? 0),
    ]),
  );
}
