import { expect, test } from 'vitest';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

/** An output for several consumers. */
class FanOut extends MemoryOutputQueue {
  readonly fansOut = true;
}

test('a large raw result is a reference, since a consumer of a pointer would delete it for the others', async () => {
  const large = 'a'.repeat(300_000);
  const output = new FanOut();
  const harness = new EngineHarness(() => large, { outputFormat: 'raw', ports: { output } });
  expect(await harness.process([requestDelivery('r-1', {})])).toEqual([]);
  const [message] = output.messages;
  expect(message?.body).toMatch(/^s3:\/\/.*results\/r-1/);
  expect(message?.attributes.DataRef).toEqual({ type: 'String', value: message?.body });
  expect(message?.attributes).not.toHaveProperty('ExtendedPayloadSize');

  // Also when the outcome is published again, from the record.
  expect(await harness.processElsewhere([requestDelivery('r-1', {})])).toEqual([]);
  expect(output.messages[1]).toEqual(message);
});
