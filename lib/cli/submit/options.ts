import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SubmissionOptions } from '../../client/index.ts';
import { contentTypeProblem } from '../../core/base/media-type.ts';
import { readDuration, readTime } from '../quantities.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { nameOf, STANDARD_INPUT } from './payload-files.ts';

/** What was said on the command line, read. Times are in seconds. */
export interface SubmitOptions extends ServiceOptions {
  readonly wait?: true;
  readonly timeout?: number;
  readonly output?: string;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly expiresIn?: number;
  readonly expiresAt?: Date;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly idempotencyKey?: string;
}

/** Declares the options of `submit`. */
export function addSubmitOptions(command: Command): Command {
  command
    .option('--wait', 'wait until they have ended, and say how')
    .option('--timeout <time>', 'wait no longer, for example 10min', readDuration)
    .option('-o, --output <folder>', 'write the results there, as FILE.result.EXTENSION')
    .option('--content-type <type>', "of the files (default: by their names' extensions)", readContentType)
    .addOption(metadataOption())
    .option('--expires-in <time>', "don't begin them after that time, for example 1h", readDuration)
    .addOption(
      new Option('--expires-at <time>', "don't begin them after that, for example 2026-01-31T12:00:00Z")
        .argParser(readTime)
        .conflicts('expiresIn'),
    )
    .addOption(
      new Option('--traceparent <trace>', 'the trace they belong to, as W3C writes it').env('TRACEPARENT'),
    )
    .addOption(
      new Option('--tracestate <state>', 'what tracing systems add to --traceparent').env('TRACESTATE'),
    )
    .option('--idempotency-key <key>', 'submitting again with the same key gives the same request');
  return addServiceOptions(command);
}

function readContentType(text: string): string {
  const problem = contentTypeProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`${problem}.`);
}

function metadataOption(): Option {
  return new Option('--metadata <name=value>', 'a note for the processor; may be repeated').argParser(
    (text, before: SubmitOptions['metadata']) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw new InvalidArgumentError('It must be a name, = and a value, for example customer=17.');
      }
      return { ...before, [name]: value };
    },
  );
}

/** What is wrong with options that don't go together, or with these files. */
export function usageProblem(files: readonly string[], options: SubmitOptions): string | undefined {
  const { wait, timeout, output, idempotencyKey } = options;
  if (!wait && timeout !== undefined) return '--timeout needs --wait';
  if (!wait && output !== undefined) return '--output needs --wait';
  if (idempotencyKey !== undefined && files.length > 1) {
    return `--idempotency-key goes with one file, got ${files.length}`;
  }
  if (files.filter((file) => file === STANDARD_INPUT).length > 1)
    return 'standard input (-) can be read once only';
  const names = files.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (output !== undefined && twice !== undefined) {
    return `--output needs files of different names, got ${twice} twice`;
  }
  return undefined;
}

/** What goes with every payload. */
export function submissionOf(options: SubmitOptions, now: number): SubmissionOptions {
  const { contentType, metadata, idempotencyKey, traceparent, tracestate, expiresIn, expiresAt } = options;
  return {
    contentType,
    metadata,
    idempotencyKey,
    traceparent,
    tracestate,
    expiresAt: expiresIn === undefined ? expiresAt : new Date(now + expiresIn * 1000),
  };
}
