import { describe, onTestFinished, test, vi } from 'vitest';
import { exerciseOrder } from '../conformance/order-suite.ts';
import { KINDS } from '../support/brokers/kinds.ts';

describe.each(KINDS)('a worker with order', ({ name, broker, program, start }) => {
  if (program === undefined) {
    test.skip(`${name} has no server here`);
    return;
  }

  exerciseOrder(name, async () => {
    const { server, urlOf, create, variables = {} } = await start(program);
    onTestFinished(() => server[Symbol.asyncDispose]());
    for (const queue of ['requests', 'outcomes', 'letters']) await create?.(queue, { ordered: true });
    for (const [variable, value] of Object.entries(variables)) vi.stubEnv(variable, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const urls = { requests: urlOf('requests'), outcomes: urlOf('outcomes'), letters: urlOf('letters') };
    return { broker, urls, variables };
  });
});
