import { type Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../core/base/errors.ts';
import { CALL_PARTS, type CallPart } from '../core/model/http-call.ts';
import { defineProcessor, type Processor } from '../core/processor/handler.ts';
import { DEFAULT_START_SECONDS } from '../http/forward-defaults.ts';
import { readDuration, readText } from './quantities.ts';

/** Options that name an HTTP service in place of a file with a processor. */
export interface ForwardCommandOptions {
  readonly forward?: string;
  readonly forwardTimeout?: number;
  readonly forwardReady?: string;
  readonly forwardStart?: number;
  readonly forwardAllow?: readonly CallPart[];
}

/** Declares the options that name an HTTP service in place of a file. */
export function addForwardOptions(command: Command): Command {
  return command
    .option(
      '--forward <url>',
      'send each payload to an HTTP service instead, and take its response as the result',
      readText,
    )
    .option('--forward-ready <path>', 'path that answers 2xx once the service is up')
    .option(
      '--forward-start <time>',
      `how long to wait until the service is up (default: ${DEFAULT_START_SECONDS}s)`,
      readDuration,
    )
    .option('--forward-timeout <time>', 'time limit of a call (default: none)', readDuration)
    .option(
      '--forward-allow <parts>',
      `parts of a call that messages may choose: ${CALL_PARTS.join(',')} (default: nothing)`,
      readCallParts,
    );
}

/** Reads `method,path`. @throws InvalidArgumentError */
function readCallParts(text: string): readonly CallPart[] {
  return text.split(',').map((given) => {
    const part = CALL_PARTS.find((each) => each === given.trim());
    if (part) return part;
    throw new InvalidArgumentError(`Allowed are ${CALL_PARTS.join(', ')}, with commas between them.`);
  });
}

/**
 * The processor that a file or the options name; undefined for neither.
 * @throws ConfigurationError for both, and for one that can't be used
 */
export async function chosenProcessor(
  file: string | undefined,
  options: ForwardCommandOptions,
): Promise<Processor | undefined> {
  const { forward, forwardReady, forwardStart, forwardTimeout, forwardAllow } = options;
  if (file !== undefined && forward !== undefined) {
    throw new ConfigurationError(
      'A processor is either a file, or --forward with the URL of a service, got both',
    );
  }
  if (forward !== undefined) {
    const { forwardTo } = await import('../http/forward-to.ts');
    const times = { startSeconds: forwardStart, timeoutSeconds: forwardTimeout };
    return defineProcessor(forwardTo(forward, { readyPath: forwardReady, allow: forwardAllow, ...times }));
  }
  if ((forwardReady ?? forwardStart ?? forwardTimeout ?? forwardAllow) !== undefined) {
    throw new ConfigurationError(
      '--forward-ready, --forward-start, --forward-timeout and --forward-allow need --forward',
    );
  }
  if (file === undefined) return undefined;
  const { loadProcessor } = await import('./worker/load-processor.ts');
  return loadProcessor(file);
}
