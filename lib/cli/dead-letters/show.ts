import { Command } from 'commander';
import type { DeadMessage } from '../../aws/sqs-dead-letter-queue.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import { formatTime } from '../../terminal/figures.ts';
import { formatBytes, formatTable } from '../../terminal/format.ts';
import { isForPeople, note, print, printable, printJson } from '../../terminal/output.ts';
import { outputWidth } from '../../terminal/terminal.ts';
import { findDeployment } from '../deployment.ts';
import type { Run } from '../run.ts';
import type { DeadLetter, LetterRequest } from './dead-letter.ts';
import { factsOf } from './letter-facts.ts';
import { requestsMeant } from './letter-filter.ts';
import { lettersOf } from './letters.ts';
import { addLetterOptions, type LetterOptions } from './options.ts';
import { formatPayload, resourceOf } from './report.ts';

const EXAMPLES = `
Examples:
  coatcheck dead-letters show 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d
  coatcheck dead-letters show --full --json 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d | jq -r .body`;

/** What is shown of a longer body, in characters. */
const SHOWN_CHARACTERS = 4_096;

interface ShowOptions extends LetterOptions {
  readonly full?: true;
}

/** No letter is of that request. */
class LetterUnknown extends CoatcheckError {
  readonly code = 'letter_unknown';

  constructor(id: string) {
    super(`${id} has no dead letter`);
  }
}

/** `coatcheck dead-letters show`: everything about one. */
export function showLetterCommand(run: Run): Command {
  const command = new Command('show')
    .description('Say everything about a request that was given up.')
    .argument('<id>', 'its ticket, or the id of its message')
    .option('--full', 'all of the body, however long')
    .addHelpText('after', EXAMPLES);
  return addLetterOptions(command).action((id: string, options: ShowOptions) => showLetter(id, options, run));
}

async function showLetter(id: string, options: ShowOptions, { signal }: Run): Promise<void> {
  const deployment = await findDeployment({ ...options, signal, note });
  const { letterService } = await import('./service.ts');
  const filter = { ids: [id] };
  const walk = { filter, limit: Number.POSITIVE_INFINITY, perSecond: Number.POSITIVE_INFINITY, signal };
  let count = 0;
  for await (const { letters } of lettersOf(await letterService(deployment), walk)) {
    for (const letter of letters) {
      for (const request of requestsMeant(letter, filter)) {
        count++;
        await printLetter(request, letter, options);
      }
    }
  }
  if (count === 0) throw new LetterUnknown(id);
}

async function printLetter(request: LetterRequest, letter: DeadLetter, options: ShowOptions): Promise<void> {
  const { message } = letter;
  const body = options.full ? message.body : message.body.slice(0, SHOWN_CHARACTERS);
  const isCut = body.length < message.body.length;
  if (options.json) {
    return printJson({
      ...resourceOf(request, letter),
      record: request.record,
      attributes: textsOf(message),
      groupId: message.groupId,
      payload: formatPayload(request),
      body,
      isCut,
    });
  }
  for (const line of formatTable(factRows(request, message), [], outputWidth())) await print(line);
  // A pipe gets the body as it is, a terminal nothing that could control it.
  const lines = isForPeople(options) ? body.split('\n').map(printable) : [body];
  for (const line of ['', ...lines]) await print(line);
  if (isCut) note(`The body has ${formatBytes(Buffer.byteLength(message.body))}: --full shows all of it.`);
}

function factRows(request: LetterRequest, message: DeadMessage): string[][] {
  const { described, record } = request;
  const { code, message: reason, endedAt, attempts, redrives } = factsOf(request);
  const rows: (readonly [string, string | undefined])[] = [
    ['ticket', described.id],
    ['source', described.issuer],
    ['tenant', described.tenant],
    ['status', record?.status],
    ['error', `${code}: ${reason}`],
    ['failed', formatTime(endedAt)],
    ['attempts', String(attempts)],
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

/** The attributes as text; of bytes their number. */
function textsOf({ attributes }: DeadMessage): Record<string, string> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, { StringValue, BinaryValue }]) => [
      name,
      StringValue ?? formatBytes(BinaryValue?.byteLength ?? 0),
    ]),
  );
}
