import { describe, expect, test } from 'vitest';
import { planRollback, type ReleaseState } from '../../../lib/cli/rollback/plan.ts';

/** A function with the versions 2, 9 and 10 whose alias invokes the last. */
function state({
  version = '10',
  weights = {},
  ...more
}: Partial<Omit<ReleaseState, 'alias'>> & {
  readonly version?: string;
  readonly weights?: Readonly<Record<string, number>>;
} = {}): ReleaseState {
  const versions = ['10', '9', '2'].map((each) => ({
    version: each,
    handlerVersion: undefined,
    publishedAt: undefined,
  }));
  return { alias: { version, weights, revision: 'r' }, versions, deployment: undefined, ...more };
}

describe('without a deployment', () => {
  test('goes to the version before', () => {
    expect(planRollback(state())).toEqual({ result: 'alias_moved', to: '9' });
    expect(planRollback(state({ version: '9' }))).toEqual({ result: 'alias_moved', to: '2' });
  });

  test('of several versions, takes the one before the newest', () => {
    const plan = planRollback(state({ version: '9', weights: { '10': 0.1 } }));
    expect(plan).toEqual({ result: 'alias_moved', to: '9' });
  });

  test('goes to the wanted version, also a newer one', () => {
    expect(planRollback(state(), '2')).toEqual({ result: 'alias_moved', to: '2' });
    expect(planRollback(state({ version: '2' }), '10')).toEqual({ result: 'alias_moved', to: '10' });
  });

  test('changes nothing only if the wanted version has all traffic', () => {
    expect(planRollback(state(), '10')).toEqual({ result: 'unchanged', to: '10' });
    const shared = state({ weights: { '9': 0.5 } });
    expect(planRollback(shared, '10')).toEqual({ result: 'alias_moved', to: '10' });
  });

  test('there may be no version to go to', () => {
    expect(() => planRollback(state({ version: '2' }))).toThrow(
      'There is no version before 2 to go back to: Lambda has 10, 9, 2',
    );
    expect(() => planRollback(state({ versions: [] }))).toThrow(
      'There is no version before 10 to go back to: Lambda has no published version',
    );
    expect(() => planRollback(state(), '3')).toThrow('There is no version 3: Lambda has 10, 9, 2');
  });
});

describe('with a deployment', () => {
  const deployment = { id: 'd-1', isRollback: false };

  test('stops it', () => {
    expect(planRollback(state({ version: '9', weights: { '10': 0.1 }, deployment }))).toEqual({
      result: 'deployment_stopped',
      deployment: 'd-1',
      to: '9',
    });
  });

  test('leaves the version to CodeDeploy once all traffic has moved', () => {
    const { to } = planRollback(state({ deployment }));
    expect(to).toBeUndefined();
  });

  test("doesn't stop one that already moves traffic back", () => {
    expect(() => planRollback(state({ deployment: { id: 'd-2', isRollback: true } }))).toThrow(
      'CodeDeploy already moves traffic back, by the deployment d-2. Wait until it has ended',
    );
  });

  test('refuses another version', () => {
    expect(() => planRollback(state({ deployment }), '2')).toThrow(
      "--to can't be used while the deployment d-1 of CodeDeploy moves traffic",
    );
  });
});
