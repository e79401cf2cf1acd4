import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Service } from './service.ts';

test('E3: a CommonJS processor runs, with a package that uses __dirname when it is loaded', async () => {
  const service = new Service('E2e-commonjs');
  const body = '{"x":1}';
  await service.send({ body, attributes: { RequestId: 'commonjs-1' } });
  const digest = createHash('sha256').update(body).digest('hex');
  expect(await service.event('commonjs-1')).toMatchObject({ data: { digest, found: true } });
});

test('an existing input queue gets the notifications of uploads', async () => {
  const service = new Service('E2e-commonjs');
  const { id } = await service.upload('requests/commonjs-2', '{"x":2}');
  const digest = createHash('sha256').update('{"x":2}').digest('hex');
  expect(await service.event(id)).toMatchObject({ data: { digest } });
});
