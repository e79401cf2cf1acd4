import { readVariables } from '../../core/config/variables.ts';
import type { ServiceOptions } from '../../embedded/open-service.ts';
import { serviceFile } from '../running-service.ts';
import { DEV_VARIABLES } from './variables.ts';

/** How long handlers may run on when they are replaced or stopped, in seconds. */
const GRACE_SECONDS = 10;

/**
 * The options of a service of `coatcheck dev`, in each of its processes.
 * @throws ConfigurationError for limits in COATCHECK_LIMITS and names in COATCHECK_RECORD_METADATA that can't be used
 */
export function devServiceOptions(
  folder: string,
  webhookSecret: string,
): Pick<ServiceOptions, 'file' | 'graceSeconds' | 'limits' | 'recordMetadata' | 'webhooks'> {
  return {
    ...readVariables(DEV_VARIABLES, process.env, 'The environment'),
    file: serviceFile(folder),
    graceSeconds: GRACE_SECONDS,
    webhooks: { secrets: [webhookSecret], callbacks: 'local', endpoints: true },
  };
}
