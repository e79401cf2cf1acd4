import { type ClientOptions, CoatcheckClient, NotAuthorized } from '../client/index.ts';
import { CoatcheckError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { formatSeconds } from '../terminal/format.ts';
import { note, printable } from '../terminal/output.ts';
import { ProgressBoard } from '../terminal/progress-board.ts';
import { type ApiCredentials, findCredentials } from './api-credentials.ts';
import { findDeployment } from './deployment.ts';
import { chosenService } from './running-service.ts';
import type { ApiOptions } from './service-options.ts';

/** The API rejected the credentials. */
class CredentialsRejected extends CoatcheckError {
  override readonly name = 'CredentialsRejected';
  readonly code = 'credentials_rejected';

  constructor(error: NotAuthorized, { description, remedy }: ApiCredentials) {
    super(`${error.message}\ncredentials sent: ${description}\n${remedy(error.status)}`, { cause: error });
  }
}

/** Runs work with a client for the service that the options name. @throws DeploymentUnknown, CredentialsRejected */
export async function withService(
  options: ApiOptions,
  signal: AbortSignal,
  work: (client: CoatcheckClient) => Promise<void>,
): Promise<void> {
  const { client, credentials } = await connectService(options, signal, { onRetry: noteRetry });
  try {
    await work(client);
  } catch (error) {
    throw error instanceof NotAuthorized ? new CredentialsRejected(error, credentials) : error;
  }
}

/** A client for a service, and what it was made from. */
export interface ConnectedService {
  readonly client: CoatcheckClient;
  readonly credentials: ApiCredentials;
  /** URL of the API, without /v1. */
  readonly url: string;
}

/** Makes a client for the service that the options name. @throws DeploymentUnknown */
export async function connectService(
  options: ApiOptions,
  signal: AbortSignal,
  retries: Pick<ClientOptions, 'retry' | 'onRetry'>,
): Promise<ConnectedService> {
  const url = await findApi(options, signal);
  const credentials = await findCredentials(url, options.token);
  return {
    client: new CoatcheckClient({ baseUrl: url, auth: credentials.auth, ...retries }),
    credentials,
    url,
  };
}

/** Shorter waits pass unnoticed. */
const NOTED_WAIT_MILLISECONDS = 1_000;

/** Says why a command waits, such as a service that has reached a limit. */
function noteRetry(error: unknown, waitMilliseconds: number): void {
  if (waitMilliseconds < NOTED_WAIT_MILLISECONDS) return;
  const text = `${messageOf(error)} (next try in ${formatSeconds(waitMilliseconds)})`;
  ProgressBoard.aside(() => note(printable(text)));
}

/** The API that is named, that of `coatcheck dev` or `coatcheck serve` in this folder, or a deployed one. */
async function findApi(options: ApiOptions, signal: AbortSignal): Promise<string> {
  const { api } = options;
  if (api !== undefined) return api;
  const running = await chosenService(options);
  return running?.url ?? (await findDeployment({ ...options, signal, note }))('ApiUrl');
}
