import { styleText } from 'node:util';

/** A line that a handler or the engine logged. */
export interface LogLine {
  /** When, as RFC 3339 has it; empty for a line that doesn't say so. */
  readonly time: string;
  /** `INFO`, `ERROR`, …; empty for a line that doesn't say so. */
  readonly level: string;
  readonly message: string;
  /** The ticket of the request it is about, if it is about one. */
  readonly requestId?: string;
  /** What it says further. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Fields that say the same on every line, or are columns of their own. */
const COMMON =
  /^(?:service|cold_start|function_\w+|sampling_rate|xray_trace_id|timestamp|level|message|requestId|tenantId)$/;

/** What Lambda writes of an invocation, where it doesn't write JSON. */
const PLATFORM = /^(?:START|END|REPORT) RequestId: |^INIT_START |^XRAY TraceId: /;

/**
 * Reads a line of a function's log: JSON by our logger or by Lambda, or text.
 * @returns undefined for what is no log to people: metrics, and what Lambda says of invocations
 */
export function readLogLine(text: string): LogLine | undefined {
  const trimmed = text.trimEnd();
  if (trimmed === '' || PLATFORM.test(trimmed)) return undefined;
  const json = parse(trimmed);
  if (!json) return { time: '', level: '', message: trimmed, fields: {} };
  if ('_aws' in json || isPlatformEvent(json)) return undefined;
  const { timestamp = '', level = '', message = '', requestId, ...rest } = json;
  // Lambda calls the invocation requestId; our logger says that otherwise.
  const isOurs = 'function_request_id' in json;
  return {
    time: String(timestamp),
    level: String(level),
    message: typeof message === 'string' ? message : JSON.stringify(message),
    requestId: isOurs && typeof requestId === 'string' ? requestId : undefined,
    fields: Object.fromEntries(Object.entries(rest).filter(([name]) => !COMMON.test(name))),
  };
}

/** The cells of a line: when, how serious, about which request, what. */
export function logCells({ time, level, message, requestId = '', fields }: LogLine): string[] {
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`);
  return [time, level, requestId, [message, ...facts].join(' ')];
}

const STYLES = { ERROR: 'red', CRITICAL: 'red', WARN: 'yellow', DEBUG: 'dim' } as const;

/** A line for people. */
export function formatLogLine(line: LogLine, printable: (text: string) => string): string {
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

/** Of an error what it says; its stack is in the JSON. */
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
