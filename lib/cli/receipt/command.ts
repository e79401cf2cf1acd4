import { Command } from 'commander';
import type { Run } from '../run.ts';
import { verifyReceiptCommand } from './verify.ts';

/** `coatcheck receipt`: works on receipts of accepted requests. */
export function receiptCommand(run: Run): Command {
  return new Command('receipt')
    .description('Verify the signed receipt of a request that was accepted.')
    .addCommand(verifyReceiptCommand(run));
}
