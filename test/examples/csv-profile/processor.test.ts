import { describe, expect, it } from 'vitest';
import { handler, profileRequest } from '../../../examples/csv-profile/processor.ts';
import { formatClaimCheck } from '../../../lib/core/model/claim-check.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness } from '../../support/engine-harness.ts';

const csv = (text: string) => delivery(text, { attributes: { ContentType: 'text/csv' } });

describe('the csv-profile processor', () => {
  it('is a Lambda handler', () => {
    expect(handler).toBeTypeOf('function');
  });

  it('publishes the profile of a file', async () => {
    const harness = new EngineHarness(profileRequest);
    expect(await harness.process([csv('name,age\nAda,36\nAlan,41\n')])).toEqual([]);
    expect(harness.event).toMatchObject({
      type: 'coatcheck.request.succeeded',
      data: {
        rows: 2,
        delimiter: ',',
        columns: [{ name: 'name' }, { name: 'age', type: 'integer', mean: 38.5 }],
      },
    });
  });

  it('fails a broken file at once, and says where it is broken', async () => {
    const harness = new EngineHarness(profileRequest);
    expect(await harness.process([csv('name,age\nAda,36\nAlan\n')])).toEqual([]);
    const problem = 'expected 2 fields as in the header, got 1';
    expect(harness.problem).toMatchObject({
      code: 'csv_invalid',
      detail: expect.stringContaining(`line 3: ${problem}`),
      details: { line: 3, problem },
    });
  });

  it('tries again when the file could not be read to its end', async () => {
    const harness = new EngineHarness(profileRequest);
    harness.store.put('requests/cut.csv', 'a,b\n1,2\n3,4\n', { endsAfter: 6 });
    expect(await harness.process([stored(harness, 'requests/cut.csv')])).toHaveLength(1);
    expect(harness.events).toEqual([]);
  });

  it('reports each tenth of a file', async () => {
    const fractions: number[] = [];
    const harness = new EngineHarness((request) =>
      profileRequest(Object.assign(request, { progress: (fraction: number) => fractions.push(fraction) })),
    );
    harness.store.put('requests/long.csv', `a\n${'1\n'.repeat(9_999)}`, { chunkBytes: 700 });
    await harness.process([stored(harness, 'requests/long.csv')]);
    expect(fractions).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  });
});

function stored({ store }: EngineHarness, key: string) {
  const event = { specversion: '1.0', id: '1', source: 'test', type: 'csv' };
  return delivery(JSON.stringify({ ...event, dataref: formatClaimCheck({ bucket: store.bucket, key }) }));
}
