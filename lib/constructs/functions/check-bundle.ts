import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { PROCESSOR_BRAND } from '../../core/config/processor-brand.ts';
import { type BundleReport, REPORT_DESCRIPTOR } from './bundle-report.ts';
import { programFile } from './program-file.ts';

/** An import takes milliseconds unless the bundle waits for something that is unavailable. */
const IMPORT_TIMEOUT_MILLISECONDS = 30_000;

/** Maximum length of a quoted error in characters. A syntax error may quote a whole minified line. */
const ERROR_MAX_LENGTH = 500;

/** The bundle of a processor. */
export interface ProcessorBundle {
  /** The folder of the bundle. */
  readonly folder: string;
  /** The entry of the bundle, for messages. */
  readonly entry: string;
  readonly handler: string;
  /** The names of the secrets that the service has. */
  readonly secrets: readonly string[];
  /** The environment variables of the function, with placeholders for values that are only known at deployment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The result of {@link checkBundle}. */
export interface BundleFindings {
  /** Why the bundle must not be deployed. */
  readonly error?: string;
  /** What may fail after deployment. */
  readonly warning?: string;
}

/**
 * Checks that the handler of a bundle is a processor, or wraps one that isn't exported. Any other function would
 * acknowledge every message and publish nothing. The check imports the bundle in a separate process.
 *
 * A correct bundle may fail to import on this machine: it may have native code for another CPU, need a service that
 * only the function can reach, or use the syntax of a newer Node. Then the check searches the bundle for the brand
 * that `processor()` adds.
 */
export function checkBundle({
  folder,
  entry,
  handler,
  secrets,
  environment,
}: ProcessorBundle): BundleFindings {
  const file = ['index.mjs', 'index.js'].map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined)
    return { error: `The bundle of ${entry} has no index.mjs or index.js in ${folder}` };
  const advice = `Use: export const ${handler} = processor(yourHandler);`;
  const report = importBundle(file, handler, environment);
  if (report.imported) {
    if (report.isProcessor) return secretFindings(secrets, report.secrets, entry);
    if (report.exported === undefined) return { error: `${entry} has no export ${handler}. ${advice}` };
    return {
      error:
        `The export ${handler} of ${entry} is a ${report.exported} that processor() didn't return. It would acknowledge ` +
        `every message and publish nothing. ${advice}`,
    };
  }
  const reason = shorten(report.error);
  if (!holdsBrand(folder)) {
    return { error: `${entry} doesn't call processor(). ${advice} Its import also fails: ${reason}` };
  }
  return {
    warning:
      `${entry} can't be imported on this machine, so it isn't certain that ${handler} is a processor: ${reason}. ` +
      'Ignore this if the import needs something that only Lambda has (native code, a newer Node, a network). ' +
      'Otherwise it will also fail in Lambda: fix the entry, its environment variables or function.bundling.',
  };
}

/** @param used the names that the processor uses; undefined if they are unknown */
function secretFindings(
  given: readonly string[],
  used: readonly string[] | undefined,
  entry: string,
): BundleFindings {
  if (!used) return {};
  const missing = used.filter((name) => !given.includes(name));
  if (missing.length > 0) {
    const got = given.length > 0 ? given.join(', ') : 'none';
    return {
      error: `secrets must have ${missing.join(', ')}, which processor() in ${entry} names, got ${got}`,
    };
  }
  const unused = given.filter((name) => !used.includes(name));
  if (unused.length === 0) return {};
  const names = unused.map((name) => `'${name}'`).join(', ');
  return {
    warning: `secrets has ${unused.join(', ')}, which the handler doesn't get. Use: processor({ secrets: [${names}] }, …), or remove them`,
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
    return {
      imported: false,
      error: `the import took more than ${IMPORT_TIMEOUT_MILLISECONDS / 1_000} seconds`,
    };
  return { imported: false, error: error?.message ?? `its process ended by ${signal ?? `exit(${status})`}` };
}

/** The variables that a process needs to run. Excludes all others, because they include the deployer's credentials. */
function systemVariables(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, TEMP, SystemRoot } = process.env;
  return { PATH, HOME, TMPDIR, TEMP, SystemRoot };
}

/** The variables that AWS clients read when they are created. They provide no credentials, not even from files. */
const LAMBDA_VARIABLES = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'bundle-check',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_CONFIG_FILE: devNull,
  AWS_EC2_METADATA_DISABLED: 'true',
};

function shorten(error: string): string {
  const [line = ''] = error.split('\n');
  return line.length > ERROR_MAX_LENGTH ? `${line.slice(0, ERROR_MAX_LENGTH)}…` : line;
}
