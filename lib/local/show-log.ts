import { FunctionLog, type LogQuery } from '../aws/function-log.ts';
import { localConfig } from './clients.ts';
import type { LocalService } from './local-service.ts';
import { formatLogLine, readLogLine } from './log-line.ts';

/** What to show of a log, and how. */
export interface ShowLogOptions extends Pick<LogQuery, 'since' | 'follow' | 'signal'> {
  readonly endpoint: string;
  readonly service: LocalService;
  /** Takes out what would control a terminal. */
  readonly printable: (text: string) => string;
}

/** Prints what the processor of a local service logs. */
export async function showLog({ endpoint, service, printable, ...query }: ShowLogOptions): Promise<void> {
  const log = new FunctionLog(localConfig(endpoint));
  for await (const text of log.lines({ ...query, group: service('ProcessorLogGroupName') })) {
    const line = readLogLine(text);
    if (line) console.log(formatLogLine(line, printable));
  }
}
