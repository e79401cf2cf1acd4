import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { type Processor, processorOf } from '../../core/processor/handler.ts';

/** The export that is the processor, as in Lambda. */
const EXPORT = 'handler';

/**
 * Imports a processor from its file.
 * @throws ConfigurationError if the file is missing, can't be imported, or doesn't export a processor as `handler`
 */
export async function loadProcessor(file: string): Promise<Processor> {
  const path = resolve(file);
  await access(path).catch((cause) => {
    throw new ConfigurationError(`There is no processor at ${file}`, { cause });
  });
  const exported = await importFile(path, file);
  const processor = processorOf(exported[EXPORT]);
  if (processor) return processor;
  throw new ConfigurationError(
    `${file} must export what processor() returns as ${EXPORT}. ${describeExports(exported)}`,
  );
}

function describeExports(exported: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(exported);
  if (!names.includes(EXPORT)) return `It exports ${names.length > 0 ? names.join(', ') : 'nothing'}`;
  return `Its ${EXPORT} is another ${typeof exported[EXPORT]}: export const ${EXPORT} = processor(handle)`;
}

async function importFile(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw new ConfigurationError(`${file} can't be imported: ${messageOf(error)}${remedyOf(error)}`, {
      cause: error,
    });
  }
}

/** @see https://nodejs.org/api/typescript.html */
function remedyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return '. Node runs TypeScript from version 22.18 on; compile the file to JavaScript for an older one';
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return '. Node runs TypeScript whose types can be erased; compile the file to JavaScript';
  }
  if (error instanceof SyntaxError && error.message.includes('outside a module')) {
    return '. Make the package an ES module: npm pkg set type=module';
  }
  return '';
}
