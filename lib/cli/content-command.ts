import { Readable } from 'node:stream';
import { Command } from 'commander';
import type { RequestContent } from '../client/index.ts';
import { CoatcheckError } from '../core/base/errors.ts';
import { formatBytes } from '../terminal/format.ts';
import { note, OutputClosed, printJson, sanitizeForTerminal, write } from '../terminal/output.ts';
import { ContentUnsaved, saveContent } from './content-file.ts';
import { EXIT_CODES_HELP } from './exit-status.ts';
import { extensionOf, isReadable } from './media-types.ts';
import type { Run } from './run.ts';
import { withService } from './service.ts';
import { addRequestOptions, addTenantOption, type TenantCommandOptions } from './service-options.ts';

/** What a command downloads. */
export type ContentKind = 'payload' | 'result';

interface ContentOptions extends TenantCommandOptions {
  readonly output?: string;
}

/** The content is binary, and standard output is a terminal. */
class BinaryOnTerminal extends CoatcheckError {
  override readonly name = 'BinaryOnTerminal';
  readonly code = 'binary_on_terminal';

  constructor(kind: ContentKind, contentType: string) {
    const type = contentType || 'of an unknown type';
    const file = `-o ${kind}.${extensionOf(contentType)}`;
    super(
      `The ${kind} is ${type}, which a terminal can't display; write it to a file (${file}) or to a pipe`,
    );
  }
}

/** A command that downloads the payload or the result of a request. */
export function contentCommand(kind: ContentKind, examples: string, run: Run): Command {
  const command = new Command(kind)
    .description(`Write the ${kind} of a request to standard output or to a file.`)
    .argument('<id>', 'ticket')
    .option('-o, --output <file>', 'file to write')
    .addHelpText('after', examples)
    .addHelpText('after', EXIT_CODES_HELP);
  return addTenantOption(addRequestOptions(command)).action((id: string, options: ContentOptions) => {
    const { source, tenant, output, json } = options;
    if (json && output === undefined) {
      command.error(`error: --json needs --output, because without it the ${kind} itself is printed`);
    }
    return withService(options, run.signal, async (client) => {
      const content = await client[kind](id, { source, tenant, signal: run.signal });
      const what = `${kind} of ${id}`;
      if (output === undefined) return printContent(kind, what, content, run.signal);
      const size = await saveContent(what, content, output, run.signal);
      const { contentType } = content;
      if (json) await printJson({ id, file: output, contentType, size });
      else note(`${output}: ${formatBytes(size)} ${contentType}`.trimEnd());
    });
  });
}

async function printContent(
  kind: ContentKind,
  what: string,
  content: RequestContent,
  signal: AbortSignal,
): Promise<void> {
  if (process.stdout.isTTY && !isReadable(content.contentType)) {
    await content.response.body?.cancel();
    throw new BinaryOnTerminal(kind, content.contentType);
  }
  try {
    const chunks = Readable.fromWeb(content.stream());
    for await (const chunk of process.stdout.isTTY ? sanitizeForTerminal(chunks) : chunks) await write(chunk);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof OutputClosed ? error : new ContentUnsaved(what, 'standard output', error);
  }
}
