import { CoatcheckClient, NotAuthorized } from '../client/index.ts';
import { CoatcheckError } from '../core/base/errors.ts';
import { note } from '../terminal/output.ts';
import { type Caller, callerOf } from './caller.ts';
import { findDeployment } from './deployment.ts';
import type { ServiceOptions } from './service-options.ts';

/** The API lets others in, or nobody as this caller. */
class CallerRefused extends CoatcheckError {
  readonly code = 'caller_refused';

  constructor(error: NotAuthorized, { shown, remedy }: Caller) {
    super(`${error.message}\nit was shown ${shown}\n${remedy(error.status)}`, { cause: error });
  }
}

/** Works with the API of the service that the options name. @throws DeploymentUnknown, CallerRefused */
export async function withService(
  options: ServiceOptions,
  signal: AbortSignal,
  work: (client: CoatcheckClient) => Promise<void>,
): Promise<void> {
  const baseUrl = options.api ?? (await findDeployment({ ...options, signal, note }))('ApiUrl');
  const caller = await callerOf(baseUrl, options.token);
  try {
    await work(new CoatcheckClient({ baseUrl, auth: caller.auth }));
  } catch (error) {
    throw error instanceof NotAuthorized ? new CallerRefused(error, caller) : error;
  }
}
