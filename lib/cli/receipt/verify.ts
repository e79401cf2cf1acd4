import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Command, Option } from 'commander';
import { type Receipt, type ReceiptKeys, verifyReceipt } from '../../client/index.ts';
import { ConfigurationError } from '../../core/base/errors.ts';
import { jsonValue } from '../../core/base/json.ts';
import { isObject } from '../../core/base/json-object.ts';
import { digestIn } from '../../core/model/receipt.ts';
import { formatTime } from '../../terminal/figures.ts';
import { note, printable, printCells, printJson } from '../../terminal/output.ts';
import { EXIT } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { FileUnreadable } from '../submit/payload-files.ts';

interface VerifyOptions extends ServiceOptions {
  readonly keys?: string;
  readonly payload?: string;
}

const EXAMPLES = `
Examples:
  npx coatcheck receipt verify "$(cat order.receipt)" --payload order.json
  npx coatcheck receipt verify "$RECEIPT" --keys keys.json
  sed -n 2001,4000p items.ndjson > part.ndjson
  npx coatcheck receipt verify "$RECEIPT" --payload part.ndjson`;

/** `coatcheck receipt verify`: says whether a receipt is one of the service. */
export function verifyReceiptCommand({ signal, exit }: Run): Command {
  const command = new Command('verify')
    .description(
      'Verify a receipt with the keys of the service or of a file. Exits with 1 if it is not valid.',
    )
    .argument('<receipt>', 'value of the header Coatcheck-Receipt')
    .addOption(
      new Option(
        '--keys <file>',
        'file with the answer of GET /v1/receipts/keys (default: ask the service)',
      ).conflicts(['api', 'stack', 'service']),
    )
    .option('--payload <file>', 'payload, or lines of a batch, that the receipt must be for')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action(async (jws: string, options: VerifyOptions) => {
    const { payload } = options;
    const about = payload === undefined ? undefined : { sha256: await sha256OfFile(payload) };
    const verified = await verifyReceipt(jws, await keysOf(options, signal), about);
    if (!verified.valid) {
      exit.add(EXIT.error);
      return note(`not valid: ${printable(verified.problem)}`);
    }
    const { receipt } = verified;
    if (options.json) return printJson(receipt);
    await printCells([receipt.sub, receipt.iss, formatTime(receipt.iat * 1000), digestIn(receipt)]);
    note(printable(meaningOf(receipt)));
  });
}

/** What a receipt proves, in words. */
function meaningOf(receipt: Receipt): string {
  const { sub } = receipt;
  if ('awaitedUpload' in receipt) {
    return (
      `The service gave the ticket ${sub} for an upload, for which it takes only a payload with this SHA-256. That doesn't prove that it ` +
      `arrived: run npx coatcheck status ${sub}. With the status queued, running or succeeded, or with an attempt, it has arrived.`
    );
  }
  return 'batchItems' in receipt
    ? `All ${receipt.batchItems.lines} lines of a body with this SHA-256 were items of the batch ${sub}.`
    : `The service accepted a payload with this SHA-256 as the request ${sub}.`;
}

/** Uploads don't fit into memory. @throws FileUnreadable */
async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash).catch(unreadable(path));
  return hash.digest('hex');
}

async function keysOf(options: VerifyOptions, signal: AbortSignal): Promise<ReceiptKeys> {
  const { keys } = options;
  if (keys !== undefined) return keysIn(keys, await readFile(keys, 'utf8').catch(unreadable(keys)));
  let found: ReceiptKeys = { keys: [] };
  await withService(options, signal, async (client) => {
    found = await client.receiptKeys({ signal });
  });
  return found;
}

function unreadable(path: string) {
  return (problem: unknown): never => {
    throw new FileUnreadable(path, problem);
  };
}

/** @throws ConfigurationError */
function keysIn(path: string, text: string): ReceiptKeys {
  const value = jsonValue(text);
  if (isKeySet(value)) return value;
  throw new ConfigurationError(`${path} must have a key set: {"keys": [...]}`);
}

function isKeySet(value: unknown): value is ReceiptKeys {
  return isObject(value) && Array.isArray(value.keys) && value.keys.every(isObject);
}
