import { Readable } from 'node:stream';
import { Command } from 'commander';
import type { RequestResult } from '../../client/index.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import { formatBytes } from '../../terminal/format.ts';
import { note, OutputClosed, printJson, sanitizeForTerminal, write } from '../../terminal/output.ts';
import { EXIT_CODES_HELP } from '../exit-status.ts';
import { extensionOf, isReadable } from '../media-types.ts';
import { ResultUnsaved, saveResult } from '../result-file.ts';
import type { Run } from '../run.ts';
import { withService } from '../service.ts';
import { addRequestOptions, type RequestCommandOptions } from '../service-options.ts';

const EXAMPLES = `
Examples:
  coatcheck result 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d | jq .
  coatcheck result 0198a5f2-6c1e-7b7a-9d3e-3f6f0a1b2c3d -o profile.json`;

interface ResultOptions extends RequestCommandOptions {
  readonly output?: string;
}

/** The result is binary, and standard output is a terminal. */
class BinaryOnTerminal extends CoatcheckError {
  override readonly name = 'BinaryOnTerminal';
  readonly code = 'binary_on_terminal';

  constructor(contentType: string) {
    const type = contentType || 'of an unknown type';
    const file = `-o result.${extensionOf(contentType)}`;
    super(`The result is ${type}, which a terminal can't display; write it to a file (${file}) or to a pipe`);
  }
}

/** `coatcheck result`: downloads the result of a request. */
export function resultCommand(run: Run): Command {
  const command = new Command('result')
    .description('Write the result of a request to standard output or to a file.')
    .argument('<id>', 'ticket')
    .option('-o, --output <file>', 'file to write')
    .addHelpText('after', EXAMPLES)
    .addHelpText('after', EXIT_CODES_HELP);
  return addRequestOptions(command).action((id: string, options: ResultOptions) => {
    const { source, output, json } = options;
    if (json && output === undefined) {
      command.error('error: --json needs --output, because without it the result itself is printed');
    }
    return withService(options, run.signal, async (client) => {
      const result = await client.result(id, { source, signal: run.signal });
      if (output === undefined) return printResult(id, result, run.signal);
      const size = await saveResult(id, result, output, run.signal);
      const { contentType } = result;
      if (json) await printJson({ id, file: output, contentType, size });
      else note(`${output}: ${formatBytes(size)} ${contentType}`.trimEnd());
    });
  });
}

async function printResult(id: string, result: RequestResult, signal: AbortSignal): Promise<void> {
  if (process.stdout.isTTY && !isReadable(result.contentType)) {
    await result.response.body?.cancel();
    throw new BinaryOnTerminal(result.contentType);
  }
  try {
    const chunks = Readable.fromWeb(result.stream());
    for await (const chunk of process.stdout.isTTY ? sanitizeForTerminal(chunks) : chunks) await write(chunk);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof OutputClosed ? error : new ResultUnsaved(id, 'standard output', error);
  }
}
