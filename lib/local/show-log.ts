import { FunctionLog, type LogQuery } from '../aws/function-log.ts';
import { localConfig } from './clients.ts';
import type { LocalService } from './local-service.ts';
import { formatLogLine, readLogLine } from './log-line.ts';

/** Options of {@link showLog}. */
export interface ShowLogOptions extends Pick<LogQuery, 'since' | 'follow' | 'signal'> {
  readonly endpoint: string;
  readonly service: LocalService;
  /** Removes terminal control characters. */
  readonly printable: (text: string) => string;
}

/** Prints the log of a local service's processor. */
export async function showLog({ endpoint, service, printable, ...query }: ShowLogOptions): Promise<void> {
  const log = new FunctionLog(localConfig(endpoint));
  for await (const text of log.lines({ ...query, group: service('ProcessorLogGroupName') })) {
    const line = readLogLine(text);
    if (line) console.log(formatLogLine(line, printable));
  }
}
