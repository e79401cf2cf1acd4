import { jsonValue } from '../base/json.ts';
import { quote } from '../base/quote.ts';
import { areLimits, LIMITS_EXAMPLE, type Limit, limitsProblem } from './limits.ts';
import { type Variable, withDefault } from './variables.ts';

/** The limits that a deployment passes on, as JSON. */
export function limitsVariable(): Variable<readonly Limit[]> {
  const name = 'COATCHECK_LIMITS';
  const variable: Variable<readonly Limit[]> = {
    name,
    write: (limits) => (limits.length === 0 ? '' : JSON.stringify(limits)),
    read: (given = '', problems) => {
      const limits = jsonValue(given);
      if (areLimits(limits)) return limits;
      const problem = limits === undefined ? notJson(name, given) : limitsProblem(name, limits);
      problems.push(problem ?? '');
      return [];
    },
  };
  return withDefault(variable, []);
}

function notJson(name: string, given: string): string {
  return `${name} must be JSON, such as ${LIMITS_EXAMPLE}, got ${quote(given)}`;
}
