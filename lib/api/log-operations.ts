import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from '../core/ports/telemetry.ts';
import type { ApiEnv } from './context.ts';
import { INTERNAL_PROBLEM, problemOfError } from './error-problem.ts';

/** Most characters of a parameter: a refused call may have any. */
const VALUE_LENGTH = 256;

/** Logs the calls of routes with `x-logged` when they have ended: who made them, what they are about, and whether they succeeded. */
export function logOperations(logger: Logger): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next();
    const logged = c.get('logged');
    if (!logged) return;
    const { name, tenant } = c.get('caller');
    const fields = { ...logged, by: name, tenant, status: c.res.status };
    if (!c.error) logger.info('Operation performed', fields);
    else logger.info('Operation failed', { ...fields, code: codeOf(c.error) });
  };
}

/** Marks a call to be logged. @param parameters the ones of its query to log: others may hold a signature */
export function markLogged(c: Context<ApiEnv>, operation: string, parameters: readonly string[]): void {
  const given = Object.entries(c.req.query()).filter(([name]) => parameters.includes(name));
  c.set('logged', { operation, target: {} });
  nameTarget(c, { ...c.req.param(), ...Object.fromEntries(given) });
}

/** Names what a logged call is about, where its path doesn't. */
export function nameTarget(c: Context<ApiEnv>, names: Readonly<Record<string, string>>): void {
  const logged = c.get('logged');
  if (!logged) return;
  const shortened = Object.entries(names).map(([name, value]) => [name, value.slice(0, VALUE_LENGTH)]);
  c.set('logged', { ...logged, target: { ...logged.target, ...Object.fromEntries(shortened) } });
}

function codeOf(error: unknown): string {
  return (problemOfError(error) ?? INTERNAL_PROBLEM).code;
}
