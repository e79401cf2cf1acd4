import { afterAll, test, vi } from 'vitest';
import { exerciseOrder } from '../conformance/order-suite.ts';
import { KINDS } from '../support/brokers/kinds.ts';

afterAll(() => void vi.unstubAllEnvs());

for (const { name, broker, program, start } of KINDS) {
  if (program === undefined) {
    test.skip(`${name} has no server here`);
    continue;
  }
  exerciseOrder(name, async (onTestFinished) => {
    const { server, urlOf, create, variables = {} } = await start(program);
    onTestFinished(() => server[Symbol.asyncDispose]());
    for (const queue of ['requests', 'outcomes', 'letters']) await create?.(queue, { ordered: true });
    for (const [variable, value] of Object.entries(variables)) vi.stubEnv(variable, value);
    const urls = { requests: urlOf('requests'), outcomes: urlOf('outcomes'), letters: urlOf('letters') };
    return { broker, urls, variables };
  });
}
