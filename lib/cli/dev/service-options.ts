import type { ServiceOptions } from '../../embedded/open-service.ts';
import { serviceFile } from '../running-service.ts';

/** How long handlers may run on when they are replaced or stopped, in seconds. */
const GRACE_SECONDS = 10;

/** The options of a service of `coatcheck dev`, in each of its processes. */
export function devServiceOptions(
  folder: string,
  webhookSecret: string,
): Pick<ServiceOptions, 'file' | 'graceSeconds' | 'webhooks'> {
  return {
    file: serviceFile(folder),
    graceSeconds: GRACE_SECONDS,
    webhooks: { secrets: [webhookSecret], callbacks: 'local', endpoints: true },
  };
}
