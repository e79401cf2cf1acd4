import { describe, expect, it } from 'vitest';
import { app } from '../../../examples/http-service/app.ts';
import { handler } from '../../../examples/http-service/processor.ts';
import { fromFetch } from '../../../lib/core/processor/from-fetch.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

describe('the service as a processor', () => {
  it('is a Lambda handler', () => {
    expect(handler).toBeTypeOf('function');
  });

  it('publishes what the service answers', async () => {
    const harness = new EngineHarness(fromFetch(app.fetch));
    expect(await harness.process([delivery('To be, or not to be.')])).toEqual([]);
    expect(harness.event).toMatchObject({
      type: 'coatcheck.request.succeeded',
      datacontenttype: 'application/json',
      data: { words: 6, sentences: 1 },
    });
  });

  it('fails at once what the service refuses', async () => {
    const harness = new EngineHarness(fromFetch(app.fetch));
    expect(await harness.process([delivery('{"a": 1}')])).toEqual([]);
    expect(harness.problem).toMatchObject({ code: 'service_refused', details: { status: 415 } });
  });
});
