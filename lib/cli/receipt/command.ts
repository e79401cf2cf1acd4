import { Command } from 'commander';
import type { Run } from '../run.ts';
import { verifyReceiptCommand } from './verify.ts';

/** `coatcheck receipt`: works on receipts. */
export function receiptCommand(run: Run): Command {
  return new Command('receipt')
    .description(
      'Verify the signed receipt of a request, of the ticket of an upload, or of items of a batch.',
    )
    .addCommand(verifyReceiptCommand(run));
}
