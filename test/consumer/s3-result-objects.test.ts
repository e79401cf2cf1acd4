import { expect, test } from 'vitest';
import { S3ResultObjects } from '../../lib/consumer/s3-result-objects.ts';

test('a result that is not in S3 is refused', async () => {
  const objects = new S3ResultObjects(undefined, 'eu-central-1');
  await expect(objects.open({ scheme: 'file', bucket: 'payloads', key: 'results/a' })).rejects.toThrow(
    "The result file://payloads/results/a isn't in S3",
  );
});
