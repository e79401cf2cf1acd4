import { type Action, type ActionState, actionStateAt } from '../model/action.ts';

/** An event in the life of an action. */
export type ActionEvent =
  /** An operator applies the plan. */
  | { readonly type: 'apply' }
  /** Few enough requests of the canary have failed. */
  | { readonly type: 'pass_canary' }
  /** Too many requests of the canary have failed. */
  | { readonly type: 'stop'; readonly because: string }
  /** All requests are handled. */
  | { readonly type: 'finish' }
  /** An operator aborts it. */
  | { readonly type: 'abort' };

/** A changed action, or the state in which the event changes nothing. */
export type ActionTransition = { readonly action: Action } | { readonly refused: ActionState };

/** Applies an event to an action. All rules of its states are here. A pure function. @param now milliseconds since 1970 */
export function actionTransition(action: Action, event: ActionEvent, now: number): ActionTransition {
  const state = actionStateAt(action, now);
  if (!STATES[event.type].includes(state)) return { refused: state };
  return { action: { ...action, ...changeBy(event, now) } };
}

/** The states in which an event changes an action. */
const STATES: Readonly<Record<ActionEvent['type'], readonly ActionState[]>> = {
  apply: ['planned'],
  pass_canary: ['running'],
  stop: ['running'],
  finish: ['running'],
  abort: ['planned', 'running'],
};

function changeBy(event: ActionEvent, now: number): Partial<Action> {
  switch (event.type) {
    case 'apply':
      return { state: 'running', appliedAt: now };
    case 'pass_canary':
      return { canaryPassedAt: now };
    case 'stop':
      return { state: 'stopped', endedAt: now, stoppedBecause: event.because };
    case 'finish':
      return { state: 'succeeded', endedAt: now };
    case 'abort':
      return { state: 'aborted', endedAt: now };
  }
}
