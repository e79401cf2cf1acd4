import { Duration } from 'aws-cdk-lib';
import type { LifecycleRule } from 'aws-cdk-lib/aws-s3';
import type { ServiceSettings } from '../settings/service-settings.ts';

/** The minimum of S3. A result is never replaced, and a deleted copy was deleted on purpose. */
const REPLACED_RESULT_AGE_DAYS = 1;

/** The rules of a bucket that belongs to one service. */
export function lifecycleRules(settings: ServiceSettings): LifecycleRule[] {
  return [...expiries(settings), { id: 'IncompleteUploads', ...incompleteUploads(settings) }];
}

/** The rules of a service in a bucket with other objects: they apply to its prefixes only. */
export function lifecycleRulesUnderPrefixes(settings: ServiceSettings): LifecycleRule[] {
  return expiries(settings).map((rule) => ({ ...rule, ...incompleteUploads(settings) }));
}

/**
 * Expired objects first become noncurrent versions. Those of uploads are kept longer: queued requests refer to them.
 */
function expiries(settings: ServiceSettings): LifecycleRule[] {
  const { prefixes, uploadAgeDays, resultAgeDays, consumerCopyAgeDays, replacedUploadAgeDays } = settings;
  return [
    expiry('Uploads', prefixes.uploadPrefix, uploadAgeDays, replacedUploadAgeDays),
    expiry('Payloads', prefixes.payloadPrefix, uploadAgeDays, replacedUploadAgeDays),
    expiry('Results', prefixes.resultPrefix, resultAgeDays, REPLACED_RESULT_AGE_DAYS),
    expiry('ConsumerCopies', prefixes.consumerCopyPrefix, consumerCopyAgeDays, REPLACED_RESULT_AGE_DAYS),
  ];
}

function expiry(id: string, prefix: string, ageDays: number, replacedAgeDays: number): LifecycleRule {
  return {
    id,
    prefix,
    expiration: Duration.days(ageDays),
    noncurrentVersionExpiration: Duration.days(replacedAgeDays),
  };
}

function incompleteUploads({ incompleteUploadAgeDays }: ServiceSettings): LifecycleRule {
  return { abortIncompleteMultipartUploadAfter: Duration.days(incompleteUploadAgeDays) };
}
