import type { Logger } from '../../core/ports/telemetry.ts';
import { formatLogLine } from '../../local/log-line.ts';
import { printable } from '../../terminal/output.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Prints log lines for people. @param common fields of all lines */
export function terminalLogger(common: Fields = {}): Logger {
  const log =
    (level: string) =>
    (message: string, own: Fields = {}) => {
      const { requestId, ...fields } = { ...common, ...own };
      const id = typeof requestId === 'string' ? requestId : undefined;
      const line = { time: new Date().toISOString(), level, message, requestId: id, fields };
      console.log(formatLogLine(line, printable));
    };
  return {
    debug: () => {},
    info: log('INFO'),
    warn: log('WARN'),
    error: log('ERROR'),
    child: (fields) => terminalLogger({ ...common, ...fields }),
  };
}
