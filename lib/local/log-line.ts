import { styleText } from 'node:util';

/** A log line of a handler or of the engine. */
export interface FunctionLogLine {
  /** Time in RFC 3339; empty for a line without one. */
  readonly time: string;
  /** `INFO`, `ERROR` and so on; empty for a line without one. */
  readonly level: string;
  readonly message: string;
  /** Ticket of the request that it concerns, if any. */
  readonly requestId?: string;
  /** Other fields. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Fields that are the same on every line, or have a column. */
const COMMON =
  /^(?:service|cold_start|function_\w+|sampling_rate|xray_trace_id|timestamp|level|message|requestId|tenantId)$/;

/** Lambda's lines about invocations in text format. */
const PLATFORM = /^(?:START|END|REPORT) RequestId: |^INIT_START |^XRAY TraceId: /;

/**
 * Parses a line of a function's log: JSON of our logger or of Lambda, or text.
 * @returns undefined for metrics, and for Lambda's lines about invocations
 */
export function readLogLine(text: string): FunctionLogLine | undefined {
  const trimmed = text.trimEnd();
  if (trimmed === '' || PLATFORM.test(trimmed)) return undefined;
  const json = parse(trimmed);
  if (!json) return { time: '', level: '', message: trimmed, fields: {} };
  if ('_aws' in json || isPlatformEvent(json)) return undefined;
  const { timestamp = '', level = '', message = '', requestId, ...rest } = json;
  // In Lambda's own JSON, which names no service, requestId is the invocation's id.
  const isOurs = 'service' in json;
  return {
    time: String(timestamp),
    level: String(level),
    message: typeof message === 'string' ? message : JSON.stringify(message),
    requestId: isOurs && typeof requestId === 'string' ? requestId : undefined,
    fields: Object.fromEntries(Object.entries(rest).filter(([name]) => !COMMON.test(name))),
  };
}

/** The cells of a line: time, level, request, text. */
export function logCells({ time, level, message, requestId = '', fields }: FunctionLogLine): string[] {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`);
  return [time, level, requestId, [message, ...facts].join(' ')];
}

const STYLES = { ERROR: 'red', CRITICAL: 'red', WARN: 'yellow', DEBUG: 'dim' } as const;

/** Formats a line for a terminal. */
export function formatLogLine(line: FunctionLogLine, printable: (text: string) => string): string {
  const [time = '', level = '', requestId = '', text = ''] = logCells(line).map(printable);
  const shown = [time.slice(11, 23), level.padEnd(5), requestId, text]
    .filter((cell) => cell !== '')
    .join('  ');
  const style = isStyled(level) ? STYLES[level] : undefined;
  return style ? styleText(style, shown, { stream: process.stdout }) : shown;
}

function isStyled(level: string): level is keyof typeof STYLES {
  return level in STYLES;
}

/** Shows an error's name and message; its stack is in the JSON. */
function formatValue(value: unknown): string {
  const { name, message } = Object(value);
  if (typeof name === 'string' && typeof message === 'string') return `"${name}: ${message}"`;
  return typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : (JSON.stringify(value) ?? '');
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isPlatformEvent({ type }: Record<string, unknown>): boolean {
  return typeof type === 'string' && type.startsWith('platform.');
}
