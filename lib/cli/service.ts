import { CoatcheckClient, NotAuthorized } from '../client/index.ts';
import { CoatcheckError } from '../core/base/errors.ts';
import { note } from '../terminal/output.ts';
import { type ApiCredentials, findCredentials } from './api-credentials.ts';
import { findDeployment } from './deployment.ts';
import type { ServiceOptions } from './service-options.ts';

/** The API rejected the credentials. */
class CredentialsRejected extends CoatcheckError {
  readonly code = 'credentials_rejected';

  constructor(error: NotAuthorized, { description, remedy }: ApiCredentials) {
    super(`${error.message}\ncredentials sent: ${description}\n${remedy(error.status)}`, { cause: error });
  }
}

/** Runs work with a client for the service that the options name. @throws DeploymentUnknown, CredentialsRejected */
export async function withService(
  options: ServiceOptions,
  signal: AbortSignal,
  work: (client: CoatcheckClient) => Promise<void>,
): Promise<void> {
  const baseUrl = options.api ?? (await findDeployment({ ...options, signal, note }))('ApiUrl');
  const credentials = await findCredentials(baseUrl, options.token);
  try {
    await work(new CoatcheckClient({ baseUrl, auth: credentials.auth }));
  } catch (error) {
    throw error instanceof NotAuthorized ? new CredentialsRejected(error, credentials) : error;
  }
}
