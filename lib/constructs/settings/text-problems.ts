import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Token } from 'aws-cdk-lib';
import { versionProblem } from '../../core/config/handler-version.ts';
import { secretNameProblem } from '../../core/config/secret-name.ts';
import { OUTPUT_MIN_MESSAGE_BYTES, SQS_OUTPUT_FORMATS } from '../../core/config/settings.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { statedMaxMessageBytes } from '../storage/message-size.ts';
import { existingOutputQueue, outputOf } from './output-queue.ts';
import { prefixProblem } from './prefixes.ts';

/** Problems with the props that aren't numbers. */
export function textProblems(props: AsyncServiceProps): string[] {
  return [
    ...entryProblems(props),
    ...handlerProblems(props),
    ...serviceNameProblems(props),
    ...versionProblems(props),
    ...outputProblems(props),
    ...failureProblems(props),
    ...auditProblems(props),
    ...sourceProblems(props),
    ...environmentProblems(props),
    ...secretProblems(props),
    ...encryptionKeyProblems(props),
  ];
}

function entryProblems({ entry, host }: AsyncServiceProps): string[] {
  if (entry === undefined) return host?.fargate?.forwardTo ? [] : ['entry must be set, got nothing'];
  const file = resolve(entry);
  if (/\.[cm]?[jt]sx?$/.test(file) && existsSync(file) && statSync(file).isFile()) return [];
  return [`entry must be an existing JavaScript or TypeScript file, got ${file}`];
}

function handlerProblems({ handler }: AsyncServiceProps): string[] {
  if (handler === undefined || /^[A-Za-z_$][\w$]*$/.test(handler)) return [];
  return [`handler must be the name of an export of the entry, got ${JSON.stringify(handler)}`];
}

function serviceNameProblems({ serviceName }: AsyncServiceProps): string[] {
  if (serviceName === undefined || Token.isUnresolved(serviceName) || /^[\w./:-]{1,256}$/.test(serviceName))
    return [];
  return [`serviceName must have 1 to 256 letters, digits and _ . - / :, got ${JSON.stringify(serviceName)}`];
}

function versionProblems({ version }: AsyncServiceProps): string[] {
  if (version === undefined || Token.isUnresolved(version)) return [];
  const problem = versionProblem('version', version);
  return problem === undefined ? [] : [problem];
}

function outputProblems(props: AsyncServiceProps): string[] {
  const format = outputOf(props).format;
  const queue = existingOutputQueue(props);
  const problems: string[] = [];
  if (format !== undefined && !SQS_OUTPUT_FORMATS.includes(format)) {
    problems.push(
      `output.format must be one of ${SQS_OUTPUT_FORMATS.join(', ')}, got ${JSON.stringify(format)}`,
    );
  }
  const maxMessageBytes = queue && statedMaxMessageBytes(queue);
  if (maxMessageBytes !== undefined && maxMessageBytes < OUTPUT_MIN_MESSAGE_BYTES) {
    problems.push(
      `output.queue must accept messages of at least ${OUTPUT_MIN_MESSAGE_BYTES} bytes, so that every failure fits, got a MaximumMessageSize of ${maxMessageBytes}`,
    );
  }
  return problems;
}

function failureProblems({ observability, serviceName }: AsyncServiceProps): string[] {
  if (!observability?.failureEvents?.topic || !Token.isUnresolved(serviceName)) return [];
  return [
    'serviceName must be known before deployment if observability.failureEvents.topic is set: a rule matches events by it',
  ];
}

function auditProblems({ observability: { audit, metrics = true } = {} }: AsyncServiceProps): string[] {
  if (!audit) return [];
  const { every } = audit;
  const problems: string[] = [];
  if (!every.isUnresolved() && !Number.isInteger(every.toMinutes({ integral: false }))) {
    problems.push(`observability.audit.every must be whole minutes, got ${every.toHumanString()}`);
  }
  if (!metrics) {
    problems.push(
      'observability.metrics must not be false if observability.audit is set, got false: the alarm of the audits needs their metrics',
    );
  }
  return problems;
}

function sourceProblems({ payloads: { sources = [] } = {} }: AsyncServiceProps): string[] {
  return sources.flatMap(({ prefix }, index) =>
    prefix === undefined ? [] : (prefixProblem(`payloads.sources[${index}].prefix`, prefix) ?? []),
  );
}

/** The service sets these variables. With two values for one variable, one of them would be ignored. */
function environmentProblems({ function: { environment = {} } = {} }: AsyncServiceProps): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('COATCHECK_') || name === 'POWERTOOLS_SERVICE_NAME')
    .map(
      (name) =>
        `function.environment.${name} must not be set, because the service sets it, got ${JSON.stringify(environment[name])}`,
    );
}

function secretProblems({ secrets = {} }: AsyncServiceProps): string[] {
  return Object.keys(secrets).flatMap((name) => secretNameProblem('Each name in secrets', name) ?? []);
}

/** Policies that name an alias allow nothing. */
function encryptionKeyProblems({ encryptionKey }: AsyncServiceProps): string[] {
  if (!encryptionKey || !('aliasName' in encryptionKey)) return [];
  return [
    `encryptionKey must be a key, got the alias ${encryptionKey.aliasName}: use Key.fromKeyArn() or Key.fromLookup()`,
  ];
}
