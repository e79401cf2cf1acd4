import { startHeartbeat } from '../base/heartbeat.ts';
import { serializeError } from '../base/serialize-error.ts';
import { type Action, type ActionKind, canarySizeOf } from '../model/action.ts';
import type { ActionStore, StoredAction } from '../ports/action-store.ts';
import type { ActionTargets } from '../ports/action-targets.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import { judgeCanary, whyStopped } from './canary.ts';
import { type ActionEvent, actionTransition } from './transition.ts';

/** The ports of an {@link ActionRunner}. */
export interface ActionRunnerPorts {
  readonly store: ActionStore;
  readonly targets: ActionTargets;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The time that a process has for an action. */
export interface ActionTurn {
  /** No other process does a step of the action in this time, not even if this one ends. */
  readonly leaseMilliseconds: number;
  /** Whether there is time for a further step of such an action. */
  readonly mayGoOn: (action: ActionKind) => boolean;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** How long a process may take for a step, in milliseconds. After that, another process continues. */
export const ACTION_LEASE_MILLISECONDS = 10_000;

/** Most requests that are handled in a step. */
const MAX_STEP = 100;

/** At low rates, a step handles the requests of this time. */
const STEP_SECONDS = 0.25;

/** Time between two checks whether the requests of a canary have ended. */
const WATCH_MILLISECONDS = 1_000;

/** Requests of a canary that are checked in a step. */
const MAX_WATCHED = 1_000;

/**
 * Runs actions that were applied, step by step. It has no state of its own: if a process ends, the next one continues. The
 * requests of an action are handled in their order, at the rate of the action.
 */
export class ActionRunner {
  readonly #ports: ActionRunnerPorts;

  constructor(ports: ActionRunnerPorts) {
    this.#ports = ports;
  }

  /** Does a step of the action that is due. A step that fails is tried again when its lease has ended. @returns whether one was due */
  async run(): Promise<boolean> {
    const { store, clock } = this.#ports;
    const now = clock.now();
    const due = await store.takeDue(now, now + ACTION_LEASE_MILLISECONDS);
    if (!due) return false;
    const next = await this.#leasedStep(due);
    if (next !== undefined) await store.setDue(due.action.id, next);
    return true;
  }

  /**
   * Does the steps of one action, for a process that does nothing else: until it ends, or there is no more time.
   * @returns whether the action still runs
   * @throws any error of a port; the next call tries again
   */
  async runOne(id: string, { leaseMilliseconds, mayGoOn, sleep }: ActionTurn): Promise<boolean> {
    const { store, clock } = this.#ports;
    const now = clock.now();
    const taken = await store.takeDue(now, now + leaseMilliseconds, id);
    if (!taken) return isRunning(await store.find(id));
    try {
      let stored: StoredAction | undefined = taken;
      while (stored && isRunning(stored)) {
        const next = await this.#step(stored);
        if (!mayGoOn(taken.action.action)) break;
        if (next !== undefined) await sleep(Math.max(0, next - clock.now()));
        stored = await store.find(id);
      }
    } finally {
      await store.setDue(id, clock.now());
    }
    return isRunning(await store.find(id));
  }

  /** Renews the lease during a step: rehearsals may take longer than the lease. */
  async #leasedStep(stored: StoredAction): Promise<number | undefined> {
    const { store, clock, logger } = this.#ports;
    const { id } = stored.action;
    await using _ = startHeartbeat({
      intervalMilliseconds: ACTION_LEASE_MILLISECONDS / 3,
      beat: () => store.setDue(id, clock.now() + ACTION_LEASE_MILLISECONDS),
      onError: (error) =>
        logger.warn('The lease of an action could not be renewed', {
          action: id,
          error: serializeError(error),
        }),
    });
    return await this.#step(stored);
  }

  /** @returns when the next step is due, in milliseconds since 1970; undefined if the action has changed */
  async #step(stored: StoredAction): Promise<number | undefined> {
    const { targets, clock } = this.#ports;
    const { action } = stored;
    const { rate } = action;
    const began = clock.now();
    const waitsForCanary = action.canary !== undefined && action.canaryPassedAt === undefined;
    const before = waitsForCanary ? canarySizeOf(action) : action.count;
    const size = Math.min(MAX_STEP, Math.ceil(rate * STEP_SECONDS));
    const handled = await targets.handle(action, before, size);
    if (handled > 0) return began + Math.ceil((handled * 1_000) / rate);
    if (waitsForCanary) return this.#watchCanary(stored);
    await this.#end(stored, { type: 'finish' });
    return undefined;
  }

  async #watchCanary(stored: StoredAction): Promise<number | undefined> {
    const { store, targets, clock } = this.#ports;
    const { action } = stored;
    const { id, canary } = action;
    if (!canary) return undefined;
    const size = canarySizeOf(action);
    const watched = await store.watched(id, size, MAX_WATCHED);
    const ends = await Promise.all(
      watched.map(async (item) => ({ ordinal: item.ordinal, status: await targets.endOf(action, item) })),
    );
    const ended = ends.flatMap(({ ordinal, status }) => (status ? [{ ordinal, status }] : []));
    if (ended.length > 0) await store.noteEnds(id, ended);
    const counts = await store.countCanary(id, size);
    const verdict = judgeCanary(canary, counts);
    if (verdict === 'stop') await this.#end(stored, { type: 'stop', because: whyStopped(canary, counts) });
    else if (verdict === 'pass') await this.#change(stored, { type: 'pass_canary' });
    else return clock.now() + WATCH_MILLISECONDS;
    return undefined;
  }

  async #end(stored: StoredAction, event: ActionEvent): Promise<void> {
    const ended = await this.#change(stored, event);
    if (!ended) return;
    const { id, action, state, count, reason, createdBy, stoppedBecause } = ended;
    const fields = { action: id, kind: action, state, count, ...stored.progress, reason, createdBy };
    this.#ports.logger.info('An action has ended', { ...fields, stoppedBecause });
  }

  /** @returns undefined if the action was aborted meanwhile */
  async #change({ action, revision }: StoredAction, event: ActionEvent): Promise<Action | undefined> {
    const changed = actionTransition(action, event, this.#ports.clock.now());
    if ('refused' in changed) return undefined;
    return (await this.#ports.store.write(changed.action, revision + 1)) ? changed.action : undefined;
  }
}

function isRunning(stored: StoredAction | undefined): boolean {
  return stored?.action.state === 'running';
}
