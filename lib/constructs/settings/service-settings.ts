import type { Construct } from 'constructs';
import { ConfigurationError } from '../../core/base/errors.ts';
import { DEFAULT_OUTPUT_FORMAT, type OutputFormat } from '../../core/config/settings.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { Tracing } from '../observability/tracing.ts';
import { apiProblems } from './api-problems.ts';
import { numberConflicts } from './number-conflicts.ts';
import { type Prefixes, prefixesOf, prefixProblems } from './prefixes.ts';
import { type ServiceNumbers, serviceNumbers } from './service-numbers.ts';
import { textProblems } from './text-problems.ts';
import { type WebhookSettings, webhookProblems, webhookSettings } from './webhook-settings.ts';

/** All settings of a service: its props with defaults. */
export interface ServiceSettings extends ServiceNumbers, WebhookSettings {
  readonly prefixes: Prefixes;
  readonly serviceName: string;
  readonly outputFormat: OutputFormat;
  /** Whether the processor measures its load. */
  readonly measureLoad: boolean;
  /** Whether the processor publishes metrics. */
  readonly metrics: boolean;
  /** Where the functions send spans; absent where nowhere. */
  readonly tracing: Tracing | undefined;
}

/**
 * The settings of a service.
 * @throws ConfigurationError that lists every invalid prop with its path, the allowed values and the actual value
 */
export function serviceSettings(service: Construct, props: AsyncServiceProps): ServiceSettings {
  const problems: string[] = [];
  const numbers = serviceNumbers(props, problems);
  const prefixes = prefixesOf(props);
  problems.push(...numberConflicts(numbers), ...prefixProblems(prefixes), ...textProblems(props));
  problems.push(...apiProblems(props.api, numbers), ...webhookProblems(props.webhooks));
  if (problems.length > 0) {
    throw new ConfigurationError(
      [`The props of ${service.node.path} are invalid:`, ...problems].join('\n  - '),
    );
  }
  return {
    ...numbers,
    ...webhookSettings(props.webhooks),
    prefixes,
    serviceName: props.serviceName ?? service.node.path.replace(/[^\w./-]/g, '-'),
    outputFormat: props.output?.format ?? DEFAULT_OUTPUT_FORMAT,
    measureLoad: props.api !== undefined,
    metrics: props.observability?.metrics ?? true,
    tracing: props.observability?.tracing,
  };
}
