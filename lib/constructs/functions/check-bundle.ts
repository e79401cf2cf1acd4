import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { PROCESSOR_BRAND } from '../../core/config/processor-brand.ts';
import { type BundleReport, REPORT_DESCRIPTOR } from './bundle-report.ts';
import { programFile } from './program-file.ts';

/** Importing takes milliseconds, unless the bundle waits for something that isn't there. */
const IMPORT_TIMEOUT_MILLISECONDS = 30_000;

/** Longest error text shown: one of a syntax error may quote a whole minified line. */
const ERROR_MAX_LENGTH = 500;

/** A processor's bundle. */
export interface ProcessorBundle {
  /** Where it is. */
  readonly folder: string;
  /** The file it was made of, as messages name it. */
  readonly entry: string;
  readonly handler: string;
  /** The environment variables of the function; values that are only known at deployment have stand-ins. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What {@link checkBundle} found. */
export interface BundleFindings {
  /** Why it must not be deployed. */
  readonly error?: string;
  /** What may go wrong once it is deployed. */
  readonly warning?: string;
}

/**
 * Checks that a bundle's handler is a processor, or wraps one that isn't exported, by importing the bundle in a process
 * of its own. Any other function would acknowledge every message and publish nothing.
 *
 * A bundle may be right and still fail to import here: native code for another processor, a service that only the
 * function reaches, syntax of a newer Node. Then its text decides: a bundle without a call of `processor()` doesn't hold
 * the brand.
 */
export function checkBundle({ folder, entry, handler, environment }: ProcessorBundle): BundleFindings {
  const file = ['index.mjs', 'index.js'].map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined)
    return { error: `${entry} was bundled into no index.mjs or index.js, in ${folder}` };
  const advice = `It must say: export const ${handler} = processor(yourHandler);`;
  const report = importBundle(file, handler, environment);
  if (report.imported) {
    if (report.isProcessor) return {};
    if (report.exported === undefined) return { error: `${entry} exports no ${handler}. ${advice}` };
    return {
      error:
        `${entry} exports as ${handler} a ${report.exported} that processor() didn't return: it would acknowledge ` +
        `every message and publish nothing. ${advice}`,
    };
  }
  const reason = shortened(report.error);
  if (!holdsBrand(folder)) {
    return { error: `${entry} doesn't call processor(). ${advice} Its import fails too: ${reason}` };
  }
  return {
    warning:
      `${entry} can't be imported on this machine, so nothing shows that its ${handler} is a processor: ${reason}. ` +
      'If the function needs what is missing here (native code for Lambda, a newer Node, a network), ignore this. ' +
      'Else it will fail in Lambda too: fix the entry, its environment variables or function.bundling.',
  };
}

/** Whether a file of the bundle makes processors. */
function holdsBrand(folder: string): boolean {
  return readdirSync(folder)
    .filter((name) => /\.m?js$/.test(name))
    .some((name) => readFileSync(join(folder, name), 'utf8').includes(PROCESSOR_BRAND.description ?? ''));
}

function importBundle(
  file: string,
  handler: string,
  { NODE_OPTIONS, ...environment }: Readonly<Record<string, string>>,
): BundleReport {
  const args = [programFile('lib/constructs/functions/import-bundle'), file, handler];
  const { error, output, signal, status } = spawnSync(process.execPath, args, {
    env: { ...systemVariables(), ...LAMBDA_VARIABLES, ...environment },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    timeout: IMPORT_TIMEOUT_MILLISECONDS,
    encoding: 'utf8',
  });
  const report = output?.[REPORT_DESCRIPTOR];
  if (report) return JSON.parse(report);
  if (error && 'code' in error && error.code === 'ETIMEDOUT')
    return { imported: false, error: `it took more than ${IMPORT_TIMEOUT_MILLISECONDS / 1_000} seconds` };
  return { imported: false, error: error?.message ?? `its process ended by ${signal ?? `exit(${status})`}` };
}

/** What a process needs to run, and nothing else from this one, which has the deployer's credentials. */
function systemVariables(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, TEMP, SystemRoot } = process.env;
  return { PATH, HOME, TMPDIR, TEMP, SystemRoot };
}

/** What clients of AWS look for when they are made; no credentials, from files neither. */
const LAMBDA_VARIABLES = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'checked-before-deployment',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_CONFIG_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
};

function shortened(error: string): string {
  const [line = ''] = error.split('\n');
  return line.length > ERROR_MAX_LENGTH ? `${line.slice(0, ERROR_MAX_LENGTH)}…` : line;
}
