import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SQS_MAX_MESSAGE_ATTRIBUTES } from '../../../lib/core/config/aws-limits.ts';
import { OUTPUT_FORMATS } from '../../../lib/core/config/settings.ts';
import { identityProblem } from '../../../lib/core/model/request-id.ts';
import { encodeCloudEventChunk } from '../../../lib/core/wire/encode-cloudevent-chunk.ts';
import { encodeOutcome } from '../../../lib/core/wire/encode-outcome.ts';
import { encodeTrueFoundryPiece } from '../../../lib/core/wire/encode-truefoundry.ts';
import { isMessageText } from '../../../lib/core/wire/message-text.ts';
import { labelsOf } from '../../../lib/core/wire/outcome-labels.ts';
import { inlineOutcome, outcomeOf, STORED } from '../../support/outcomes.ts';

const ABOUT = {
  request: { id: 'r-1', source: '/orders', tenant: 'acme' },
  topic: 'images.thumbnail',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'a=1',
};
const LABELS = {
  Tenant: { type: 'String', value: 'acme' },
  Topic: { type: 'String', value: 'images.thumbnail' },
  Status: { type: 'String', value: 'succeeded' },
};

test.each(OUTPUT_FORMATS.filter((format) => format !== 'cloudevents-binary'))(
  'an outcome in the format %s has its topic, status and tenant, and no more attributes than SQS takes',
  (outputFormat) => {
    for (const outcome of [
      inlineOutcome('5', 'application/json', ABOUT),
      outcomeOf({ status: 'succeeded', result: STORED }, ABOUT),
      outcomeOf({ status: 'succeeded', result: { ...STORED, isText: true } }, ABOUT),
    ]) {
      const message = encodeOutcome(outcome, { outputFormat, serviceName: 'service' });
      if (!message) continue;
      const all = { ...message.labels, ...message.attributes };
      expect(all).toMatchObject(LABELS);
      expect(Object.keys(all).length).toBeLessThanOrEqual(SQS_MAX_MESSAGE_ATTRIBUTES);
    }
  },
);

test('a part of a result has the labels of a success', () => {
  const request = {
    ...ABOUT,
    ...ABOUT.request,
    payload: { inline: '' },
    metadata: {},
    contentType: undefined,
  };
  const chunk = { data: 'a', contentType: 'text/plain', attempt: 1, sequence: 1, time: 0 };
  expect(encodeCloudEventChunk(chunk, request, 'service')).toMatchObject({ attributes: {}, labels: LABELS });
  const input = { decoded: request, message: { id: 'm' } };
  const { attributes } = encodeTrueFoundryPiece({ bodyJson: '1', attempt: 1, sequence: 1 }, input);
  expect(attributes).toMatchObject(LABELS);
  expect(Object.keys(attributes).length).toBeLessThanOrEqual(SQS_MAX_MESSAGE_ATTRIBUTES);
});

test('what a request lacks is no label: AWS takes no empty attribute', () => {
  const request = { id: 'r-1', source: '' };
  expect(labelsOf({ request, status: 'failed' })).toEqual({ Status: { type: 'String', value: 'failed' } });
});

test('each tenant that a request may have can be an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (tenant) => {
      fc.pre(identityProblem({ id: 'r-1', source: '', tenant }) === undefined);
      expect(isMessageText(tenant)).toBe(true);
    }),
  );
});
