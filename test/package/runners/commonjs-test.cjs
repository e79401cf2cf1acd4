const assert = require('node:assert/strict');
const { test } = require('node:test');
const { processor } = require('coatcheck');
const { TestService } = require('coatcheck/testing');

test('a crash in CommonJS', async () => {
  let runs = 0;
  const service = new TestService(processor(() => ++runs));
  service.inject('crash-after-handler');
  const { id } = await service.submit('x');
  await service.drain({ skipDelays: true });
  assert.equal(service.outcome(id)?.result, 2);
});
