import { CoatcheckClient, NotAuthorized } from '../client/index.ts';
import { CoatcheckError } from '../core/errors.ts';
import { callerOf } from './caller.ts';
import { findDeployment } from './deployment.ts';
import { note } from './output.ts';
import type { ServiceOptions } from './service-options.ts';

/** The API lets others in, or nobody as this caller. */
class CallerRefused extends CoatcheckError {
  readonly code = 'caller_refused';

  /** @param shown what the API was shown */
  constructor(error: NotAuthorized, shown: string) {
    super(`${error.message}\nit was shown ${shown}`, { cause: error });
  }
}

/** Works with the API of the service that the options name. @throws DeploymentUnknown, CallerRefused */
export async function withService(
  { stack, api, token }: ServiceOptions,
  signal: AbortSignal,
  work: (client: CoatcheckClient) => Promise<void>,
): Promise<void> {
  const baseUrl = api ?? (await findDeployment({ stack, signal, note }))('ApiUrl');
  const { auth, shown } = await callerOf(baseUrl, token);
  try {
    await work(new CoatcheckClient({ baseUrl, auth }));
  } catch (error) {
    throw error instanceof NotAuthorized ? new CallerRefused(error, shown) : error;
  }
}
