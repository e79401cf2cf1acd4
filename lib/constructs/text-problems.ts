import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Token } from 'aws-cdk-lib';
import { OUTPUT_FORMATS, OUTPUT_MIN_MESSAGE_BYTES } from '../core/settings.ts';
import type { AsyncServiceProps } from './async-service-props.ts';
import { statedMaxMessageBytes } from './message-size.ts';
import { prefixProblem } from './prefixes.ts';

/** What is wrong with the props that aren't numbers. */
export function textProblems(props: AsyncServiceProps): string[] {
  return [
    ...entryProblems(props),
    ...handlerProblems(props),
    ...serviceNameProblems(props),
    ...outputProblems(props),
    ...failureProblems(props),
    ...sourceProblems(props),
    ...environmentProblems(props),
  ];
}

function entryProblems({ entry }: AsyncServiceProps): string[] {
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

function outputProblems(props: AsyncServiceProps): string[] {
  const { outputFormat, outputQueue } = props;
  const problems: string[] = [];
  if (outputFormat !== undefined && !OUTPUT_FORMATS.includes(outputFormat)) {
    problems.push(
      `outputFormat must be one of ${OUTPUT_FORMATS.join(', ')}, got ${JSON.stringify(outputFormat)}`,
    );
  }
  const maxMessageBytes = outputQueue && statedMaxMessageBytes(outputQueue);
  if (maxMessageBytes !== undefined && maxMessageBytes < OUTPUT_MIN_MESSAGE_BYTES) {
    problems.push(
      `outputQueue must take messages of at least ${OUTPUT_MIN_MESSAGE_BYTES} bytes, so that every failure fits; got a MaximumMessageSize of ${maxMessageBytes}`,
    );
  }
  if (outputQueue?.fifo) {
    problems.push(`outputQueue must be a standard queue, got the FIFO queue ${outputQueue.queueName}`);
  }
  if (outputQueue) {
    for (const prop of ['outputRetention', 'outputVisibilityTimeout', 'outputMaxReceiveCount'] as const) {
      if (props[prop] !== undefined)
        problems.push(`${prop} must be set on outputQueue itself, got it beside outputQueue`);
    }
  }
  return problems;
}

function failureProblems({ failureEvents, failureTopic, serviceName }: AsyncServiceProps): string[] {
  if (!failureTopic) return [];
  const problems: string[] = [];
  if (!failureEvents) problems.push('failureTopic must come with failureEvents, got it alone');
  if (Token.isUnresolved(serviceName)) {
    problems.push(
      'serviceName must be known before deployment where failureTopic is given: a rule looks for it',
    );
  }
  return problems;
}

function sourceProblems({ claimCheckSources = [] }: AsyncServiceProps): string[] {
  return claimCheckSources.flatMap(({ prefix }, index) =>
    prefix === undefined ? [] : (prefixProblem(`claimCheckSources[${index}].prefix`, prefix) ?? []),
  );
}

/** Two writers of one variable: whichever won, somebody would look for the other's value in vain. */
function environmentProblems({ environment = {} }: AsyncServiceProps): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('COATCHECK_') || name === 'POWERTOOLS_SERVICE_NAME')
    .map(
      (name) => `environment.${name} must be left to the service, got ${JSON.stringify(environment[name])}`,
    );
}
