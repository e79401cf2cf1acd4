import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SubmissionOptions } from '../../client/index.ts';
import { contentTypeProblem } from '../../core/base/media-type.ts';
import { minVersionProblem } from '../../core/config/min-version.ts';
import { chosenIdProblem } from '../../core/model/chosen-id.ts';
import { orderingKeyProblem } from '../../core/model/ordering-key.ts';
import { PRIORITIES, type Priority } from '../../core/model/priority.ts';
import { topicProblem } from '../../core/model/topic.ts';
import { readDuration, readTime } from '../quantities.ts';
import { addServiceOptions, type ServiceOptions } from '../service-options.ts';
import { nameOf, STANDARD_INPUT } from './payload-files.ts';

/** Options of `submit`. Times are in seconds. */
export interface SubmitOptions extends ServiceOptions {
  readonly wait?: true;
  readonly timeout?: number;
  readonly output?: string;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly in?: number;
  readonly at?: Date;
  readonly expiresIn?: number;
  readonly expiresAt?: Date;
  readonly minVersion?: string;
  readonly orderingKey?: string;
  readonly topic?: string;
  readonly priority?: Priority;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly id?: string;
  readonly idempotencyKey?: string;
}

/** Declares the options of `submit`. */
export function addSubmitOptions(command: Command): Command {
  command
    .option('--wait', 'wait for the outcomes, and print them')
    .option('--timeout <time>', 'maximum wait, for example 10min', readDuration)
    .option('-o, --output <folder>', 'folder for the results, named FILE.result.EXTENSION')
    .option(
      '--content-type <type>',
      'content type of the files (default: by their extensions)',
      readContentType,
    )
    .addOption(metadataOption('metadata for the processor; can be repeated'))
    .option('--in <time>', 'start processing after this time, for example 2h or 30d', readDuration)
    .addOption(
      new Option('--at <time>', 'start processing at this time, for example 2026-01-31T12:00:00Z')
        .argParser(readTime)
        .conflicts('in'),
    )
    .option(
      '--expires-in <time>',
      'requests that have not started by then expire, for example 1h',
      readDuration,
    )
    .addOption(
      new Option(
        '--expires-at <time>',
        'requests that have not started by then expire, for example 2026-01-31T12:00:00Z',
      )
        .argParser(readTime)
        .conflicts('expiresIn'),
    )
    .option(
      '--min-version <version>',
      'oldest version of the handler that may run the requests, for example 42 or 1.4.2',
      readMinVersion,
    )
    .option(
      '--ordering-key <key>',
      'run the requests one after another, and after earlier requests with the same key',
      readOrderingKey,
    )
    .option('--topic <topic>', 'topic of the requests, for example images.thumbnail', readTopic)
    .addOption(
      new Option('--priority <priority>', 'priority of the requests (default: normal)').choices(PRIORITIES),
    )
    .addOption(
      new Option('--traceparent <trace>', 'W3C traceparent of the trace that the requests belong to').env(
        'TRACEPARENT',
      ),
    )
    .addOption(
      new Option('--tracestate <state>', 'W3C tracestate that goes with --traceparent').env('TRACESTATE'),
    )
    .option(
      '--id <id>',
      'ticket of the request, for example a UUID; submitting again with it returns the same request',
      readId,
    )
    .addOption(
      new Option(
        '--idempotency-key <key>',
        'submitting again with the same key within a day returns the same request',
      ).conflicts('id'),
    );
  return addServiceOptions(command);
}

function readContentType(text: string): string {
  const problem = contentTypeProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`${problem}.`);
}

function readMinVersion(text: string): string {
  const problem = minVersionProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`It ${problem}.`);
}

function readOrderingKey(text: string): string {
  const problem = orderingKeyProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`It ${problem}.`);
}

function readId(text: string): string {
  const problem = chosenIdProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`It ${problem}.`);
}

/** A topic on a command line. */
export function readTopic(text: string): string {
  const problem = topicProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`It ${problem}.`);
}

/** `--metadata name=value`, which can be repeated. */
export function metadataOption(description: string): Option {
  return new Option('--metadata <name=value>', description).argParser(
    (text, before: SubmitOptions['metadata']) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw new InvalidArgumentError('It must be a name, = and a value, for example customer=17.');
      }
      if (before && Object.hasOwn(before, name)) {
        throw new InvalidArgumentError(
          `A request has one value of ${name}, and there is another one before.`,
        );
      }
      return { ...before, [name]: value };
    },
  );
}

/** Describes options that don't go together, or don't fit the files. */
export function usageProblem(files: readonly string[], options: SubmitOptions): string | undefined {
  const { wait, timeout, output, id, idempotencyKey } = options;
  if (!wait && timeout !== undefined) return '--timeout needs --wait';
  if (!wait && output !== undefined) return '--output needs --wait';
  if (id !== undefined && files.length > 1) return `--id takes one file, got ${files.length}`;
  if (idempotencyKey !== undefined && files.length > 1) {
    return `--idempotency-key takes one file, got ${files.length}`;
  }
  if (files.filter((file) => file === STANDARD_INPUT).length > 1)
    return 'standard input (-) can be read only once';
  const names = files.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (output !== undefined && twice !== undefined) {
    return `--output needs files with different names, got ${twice} twice`;
  }
  return undefined;
}

/** The options that are sent with every payload. */
export function submissionOf(options: SubmitOptions, now: number): SubmissionOptions {
  const { contentType, metadata, id, idempotencyKey, traceparent, tracestate } = options;
  const { minVersion, orderingKey, topic, priority } = options;
  return {
    contentType,
    metadata,
    id,
    idempotencyKey,
    traceparent,
    tracestate,
    minVersion,
    orderingKey,
    topic,
    priority,
    notBefore: timeOf(options.in, options.at, now),
    expiresAt: timeOf(options.expiresIn, options.expiresAt, now),
  };
}

function timeOf(inSeconds: number | undefined, at: Date | undefined, now: number): Date | undefined {
  return inSeconds === undefined ? at : new Date(now + inSeconds * 1000);
}
