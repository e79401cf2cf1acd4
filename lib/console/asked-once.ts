import type { ConsoleAccess } from './access.ts';
import type { ViewContext } from './parts.ts';

type Asking = Pick<ViewContext, 'parts' | 'signal'>;

/**
 * Remembers what a service answers that doesn't change while a console runs. All who may use a console may see the same, and the console
 * can have a client for each call, so the answer is remembered for the access of the console.
 */
export function askedOnce<Answer>(
  ask: (asking: Asking) => Promise<Answer>,
): (asking: Asking) => Promise<Answer> {
  const answers = new WeakMap<ConsoleAccess, { readonly answer: Answer }>();
  return async (asking) => {
    const { access } = asking.parts;
    const known = answers.get(access);
    if (known) return known.answer;
    const answer = await ask(asking);
    answers.set(access, { answer });
    return answer;
  };
}
