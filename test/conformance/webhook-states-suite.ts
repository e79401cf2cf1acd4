import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import type { WebhookState } from '../../lib/core/model/webhook-state.ts';
import type { RecordStore } from '../../lib/core/ports/record-store.ts';
import type { WebhookStates } from '../../lib/core/ports/webhooks.ts';
import { inlineOutcome } from '../support/outcomes.ts';

/** A store of webhook states and the records that hold them. */
export interface WebhookStatesHarness {
  readonly states: WebhookStates;
  readonly store: RecordStore;
}

const NOW = Date.UTC(2026, 0, 31, 12);

const FAILING: WebhookState = {
  status: 'failing',
  endedAt: NOW,
  at: NOW + 10,
  attempts: 1,
  reason: 'the receiver answered 500, żółć',
  nextAttemptAt: NOW + 5_010,
};
const DELIVERED: WebhookState = { status: 'delivered', endedAt: NOW, at: NOW + 20, attempts: 2 };
const LATER_END: WebhookState = { status: 'delivered', endedAt: NOW + 1, at: NOW + 5, attempts: 1 };

/** The behaviour of every store of webhook states. */
export function exerciseWebhookStates(name: string, open: () => Promise<WebhookStatesHarness>): void {
  let requests = 0;

  async function openWithRecord() {
    const { states, store } = await open();
    const request = { id: `told-${++requests}`, source: '' };
    const outcome = inlineOutcome('1', 'application/json', { request });
    const times = { createdAt: NOW, updatedAt: NOW };
    const record: RequestRecord = { request, status: 'succeeded', attempts: 1, outcome, ...times };
    const stored = { record, revision: 1, keptUntil: NOW };
    await store.write(stored);
    const noted = async () => (await store.read(request))?.record.webhook;
    return { states, store, request, stored, noted };
  }

  describe(name, () => {
    test('a state is added to the record, and the record keeps its own members and revision', async () => {
      const { states, store, request, stored } = await openWithRecord();
      await states.note(request, FAILING);
      const { record, ...rest } = stored;
      expect(await store.read(request)).toEqual({ ...rest, record: { ...record, webhook: FAILING } });
    });

    test('a state without a record creates none', async () => {
      const { states, store } = await open();
      const request = { id: 'of nobody', source: '' };
      await states.note(request, FAILING);
      expect(await store.read(request)).toBeUndefined();
    });

    test.each([
      ['the next attempt', FAILING, DELIVERED, DELIVERED],
      ['an attempt before', DELIVERED, FAILING, DELIVERED],
      ['the same attempt again', DELIVERED, { ...DELIVERED, reason: 'x' }, DELIVERED],
      ['a later end', DELIVERED, LATER_END, LATER_END],
      ['an earlier end, however late', LATER_END, { ...FAILING, at: NOW + 99 }, LATER_END],
    ])('a state after another: %s', async (_, first, second, stands) => {
      const { states, request, noted } = await openWithRecord();
      await states.note(request, first);
      await states.note(request, second);
      expect(await noted()).toEqual(stands);
    });

    test('a write of the record keeps the state, with an outcome and without', async () => {
      const { states, store, request, stored, noted } = await openWithRecord();
      await states.note(request, DELIVERED);
      const { outcome: _, ...rest } = stored.record;
      const deadLettered = { ...stored.record, deadLetteredAt: NOW };
      expect(await store.write({ ...stored, record: deadLettered, revision: 2 })).toEqual({ written: true });
      expect(await noted()).toEqual(DELIVERED);
      expect(await store.write({ ...stored, record: rest, revision: 3 })).toEqual({ written: true });
      expect(await noted()).toEqual(DELIVERED);
      expect((await store.read(request))?.record.outcome).toBeUndefined();
    });

    test('a write of the record cannot replace the state', async () => {
      const { states, store, request, stored, noted } = await openWithRecord();
      await states.note(request, DELIVERED);
      const record = { ...stored.record, webhook: FAILING };
      await store.write({ ...stored, record, revision: 2 });
      expect(await noted()).toEqual(DELIVERED);
    });

    test('a refused write also returns the state', async () => {
      const { states, store, request, stored } = await openWithRecord();
      await states.note(request, DELIVERED);
      expect(await store.write(stored)).toMatchObject({ stored: { record: { webhook: DELIVERED } } });
    });
  });
}
