import { hostSettings, type QueueSettings } from '../../lib/testing/settings.ts';

/** The defaults of a service whose payload bucket is `payloads`, with short delays before retries. */
export function engineSettings(given: Partial<QueueSettings> = {}): QueueSettings {
  const { batchSize: _, timeoutSeconds: __, ...settings } = hostSettings();
  return { ...settings, retryBaseSeconds: 2, ...given };
}
