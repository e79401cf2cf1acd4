import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { type ReceiptKeys, verifyReceipt } from '../../client/index.ts';
import { ConfigurationError } from '../../core/base/errors.ts';
import { jsonValue } from '../../core/base/json.ts';
import { isObject } from '../../core/base/json-object.ts';
import { formatTime } from '../../terminal/figures.ts';
import { note, print, printJson } from '../../terminal/output.ts';
import { EXIT } from '../exit-status.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';

interface VerifyOptions extends ServiceOptions {
  readonly keys?: string;
  readonly payload?: string;
}

const EXAMPLES = `
Examples:
  coatcheck receipt verify "$(cat order.receipt)" --payload order.json
  coatcheck receipt verify "$RECEIPT" --keys keys.json`;

/** `coatcheck receipt verify`: says whether a receipt is one of the service. */
export function verifyReceiptCommand({ signal, exit }: Run): Command {
  const command = new Command('verify')
    .description(
      'Verify a receipt, with the keys of the service or those of a file. Exits with 1 if it is not valid.',
    )
    .argument('<receipt>', 'what the header Coatcheck-Receipt said')
    .addOption(
      new Option(
        '--keys <file>',
        'key set, as GET /v1/receipts/keys answers (default: ask the service)',
      ).conflicts(['api', 'stack', 'service']),
    )
    .option('--payload <file>', 'payload that the receipt must be about')
    .addHelpText('after', EXAMPLES);
  return addServiceOptions(command).action(async (jws: string, options: VerifyOptions) => {
    const payload =
      options.payload === undefined ? undefined : new Uint8Array(await readFile(options.payload));
    const verified = await verifyReceipt(jws, await keysOf(options, signal), payload);
    if (!verified.valid) {
      exit.add(EXIT.error);
      return note(`not valid: ${verified.problem}`);
    }
    const { receipt } = verified;
    if (options.json) return printJson(receipt);
    await print([receipt.sub, receipt.iss, formatTime(receipt.iat * 1000), receipt.sha256].join('\t'));
  });
}

async function keysOf(options: VerifyOptions, signal: AbortSignal): Promise<ReceiptKeys> {
  const { keys } = options;
  if (keys !== undefined) return keysIn(keys, await readFile(keys, 'utf8'));
  let found: ReceiptKeys = { keys: [] };
  await withService(options, signal, async (client) => {
    found = await client.receiptKeys({ signal });
  });
  return found;
}

/** @throws ConfigurationError */
function keysIn(path: string, text: string): ReceiptKeys {
  const value = jsonValue(text);
  if (isKeySet(value)) return value;
  throw new ConfigurationError(`${path} must have a key set: {"keys": [...]}`);
}

function isKeySet(value: unknown): value is ReceiptKeys {
  return isObject(value) && Array.isArray(value.keys);
}
