import { access } from 'node:fs/promises';
import { ConfigurationError } from '../../core/base/errors.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { fileAudit } from '../../embedded/audit.ts';
import { DirectoryPayloadStore } from '../../stores/directory/payload-store.ts';
import { Referrers } from '../../stores/directory/referrers.ts';
import { publicationsSince } from '../../stores/sqlite/ledger.ts';
import { SqliteFile } from '../../stores/sqlite/sqlite-file.ts';
import { chosenService, dataFolder, serviceFile } from '../running-service.ts';
import type { DeploymentOptions } from '../service-options.ts';
import type { GivenRules, OpenedAudit } from './opened-audit.ts';

/** What to audit. */
export interface AuditPlace extends DeploymentOptions {
  /** A SQLite file. @default - the service that the other options name */
  readonly file?: string;
  /** The directory of payloads and results. @default - that beside the file, if there is one */
  readonly payloads?: string;
  /** Whether the file has no queues of requests. */
  readonly recordsOnly?: true;
}

/** Opens what the options name. @throws ConfigurationError, DeploymentUnknown */
export async function openAudit(
  place: AuditPlace,
  rules: GivenRules,
  signal: AbortSignal,
): Promise<OpenedAudit> {
  if (place.file !== undefined) return openFile(place.file, place, rules);
  if (await chosenService(place)) return openFile(serviceFile(dataFolder()), place, rules);
  const { openDeployedAudit } = await import('./open-deployed-audit.ts');
  return openDeployedAudit(place, rules, signal);
}

async function openFile(path: string, place: AuditPlace, given: GivenRules): Promise<OpenedAudit> {
  await access(path).catch((cause) => {
    throw new ConfigurationError(`There is no file ${path}: name the SQLite file of a service with --file`, {
      cause,
    });
  });
  const payloads = await openPayloads(path, place);
  const file = await SqliteFile.open(path);
  const ages = payloads ? await new Referrers(payloads.directory).list() : [];
  const byDefault = NUMBER_SETTINGS.resultAgeDays.default;
  const resultAgeDays = ages.length > 0 ? Math.min(...ages.map(({ ageDays }) => ageDays)) : byDefault;
  const since = publicationsSince(file);
  return {
    source: fileAudit({ file, payloads, ...(place.recordsOnly && { queues: {} }) }),
    rules: { resultAgeDays, ...given, ...(since !== undefined && { publicationsSince: since }) },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

async function openPayloads(
  path: string,
  { payloads }: AuditPlace,
): Promise<DirectoryPayloadStore | undefined> {
  const directory = payloads ?? `${path}-payloads`;
  try {
    await access(directory);
  } catch (cause) {
    if (payloads === undefined) return undefined;
    throw new ConfigurationError(`There is no directory ${directory}`, { cause });
  }
  return DirectoryPayloadStore.open(directory);
}
