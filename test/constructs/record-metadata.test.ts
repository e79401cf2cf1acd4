import { Duration } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import { ENTRY, readable, resources, serviceInApp } from './service-in-app.ts';

it('all functions that record requests keep the same metadata, those of added processors too', () => {
  const { service, template } = serviceInApp({
    topics: ['*'],
    // A function has no variable for the default retention.
    records: { retention: Duration.days(40), metadata: ['customer', 'order'] },
    api: { schedules: true, batches: true, actions: true },
  });
  service.addProcessor('Reports', { entry: ENTRY, topics: ['reports.*'] });
  const recording = resources(template()).flatMap(({ type, id, properties }) => {
    if (type !== 'AWS::Lambda::Function') return [];
    const variables = readable(properties.Environment?.Variables ?? {}) as Record<string, string>;
    return 'COATCHECK_RECORD_AGE_DAYS' in variables ? [[id, variables.COATCHECK_RECORD_METADATA]] : [];
  });
  expect(recording.length).toBeGreaterThanOrEqual(6);
  for (const [id, names] of recording) expect([id, names]).toEqual([id, 'customer order']);
});
