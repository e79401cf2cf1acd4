import { expect, test } from 'vitest';
import { ACTION_KINDS } from '../../lib/core/model/action.ts';
import { NewChange } from '../../lib/mcp/changes/change-of.ts';
import { openServedService } from '../support/served-service.ts';

/** Clients of the service make these calls, not those who operate it. */
const BY_CLIENTS = [
  'abortUpload',
  'addBatchItems',
  'completeUpload',
  'createBatch',
  'getPartUrls',
  'importBatchManifest',
  'openUpload',
  'sealBatch',
  'submitBatch',
  'submitRequest',
  'uploadBatchManifest',
];

/** They decide what runs and where results are sent, or answer with a secret: an agent that a text persuades could leak results by them. */
const BY_PEOPLE = [
  'createWebhookEndpoint',
  'deleteWebhookEndpoint',
  'putSchedule',
  'rotateWebhookEndpointSecret',
];

/** How an agent makes the other calls: by a tool, by an action of `plan_action`, or by a change of `plan_change`. */
const BY_AGENTS: Readonly<Record<string, readonly string[]>> = {
  abortAction: ['abort_action'],
  applyAction: ['apply_action'],
  cancelBatch: ['cancel_batch'],
  cancelRequest: ['cancel'],
  cancelRequestOfTenant: ['cancel'],
  changeLimit: ['change_limit', 'pause_limit', 'resume_limit'],
  noteFailure: ['note_failure'],
  pauseProcessing: ['pause_service'],
  pauseSchedule: ['pause_schedule'],
  planAction: ['plan_action', ...ACTION_KINDS],
  removeSchedule: ['remove_schedule'],
  repeatWebhook: ['repeat_webhook'],
  repeatWebhookOfTenant: ['repeat_webhook'],
  replayWebhooks: ['replay_webhooks'],
  resetLimit: ['reset_limit'],
  resumeProcessing: ['resume_service'],
  resumeSchedule: ['resume_schedule'],
  runSchedule: ['run_schedule'],
  testWebhookEndpoint: ['test_webhook_endpoint'],
  updateWebhookEndpoint: ['enable_webhook_endpoint', 'disable_webhook_endpoint'],
};

/** As much of an OpenAPI document as is looked at here. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

test('each call that changes something is one that agents can plan, or one that is not for them', async () => {
  const { url } = await openServedService(undefined);
  const { paths } = (await (await fetch(`${url}/v1/openapi.json`)).json()) as Document;
  const changing = Object.values(paths).flatMap((methods) =>
    Object.entries(methods).flatMap(([method, { operationId }]) => (method === 'get' ? [] : [operationId])),
  );
  const known = [...BY_CLIENTS, ...BY_PEOPLE, ...Object.keys(BY_AGENTS)];
  expect(changing.toSorted()).toEqual(known.toSorted());
});

test('an agent can plan each of these changes, and no others', () => {
  const planned = NewChange.options.map(({ shape }) => shape.kind.value);
  const named = new Set(Object.values(BY_AGENTS).flat());
  const others: readonly string[] = ['plan_action', 'apply_action', 'abort_action', ...ACTION_KINDS];
  expect(planned.toSorted()).toEqual([...named].filter((name) => !others.includes(name)).toSorted());
});
