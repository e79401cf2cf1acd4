import {
  readServeEnvironment,
  SERVE_NUMBERS,
  type ServeEnvironment,
  serveVariables,
} from '../../core/config/serve-environment.ts';
import type { ServiceSetting } from '../../core/config/service-setting.ts';
import { withDefault } from '../../core/config/service-setting.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { WORKER_NUMBERS } from '../../core/config/worker-environment.ts';
import { loggableSettings } from '../loggable-settings.ts';

/** Where variables came from that aren't variables of the environment, by their names: `file` or `option NAME`. */
export type VariableSources = ReadonlyMap<string, string>;

/** The settings of a service of `coatcheck serve`, with where each came from. Of secrets it has the names only. */
export function effectiveSettings(
  environment: ServeEnvironment,
  sources: VariableSources,
  variables: Readonly<Record<string, string | undefined>>,
): ServiceSetting[] {
  const shown = loggableSettings(environment);
  const defaults = loggableSettings(readServeEnvironment({}));
  return Object.entries<{ readonly name: string }>(serveVariables()).map(([name, { name: variable }]) => {
    const isGiven = (variables[variable] ?? '').trim() !== '' || sources.has(variable);
    const from = isGiven ? (sources.get(variable) ?? `variable ${variable}`) : 'default';
    const unit = unitOf(name);
    const setting = { name, ...(unit !== undefined && { unit }), setBy: `variable ${variable}`, from };
    if (!(name in shown)) return setting;
    return withDefault({ ...setting, value: shown[name] }, defaults[name]);
  });
}

/** Ports have none. */
function unitOf(name: string): string | undefined {
  const numbers: Readonly<Record<string, { readonly unit: string }>> = {
    ...WORKER_NUMBERS,
    ...SERVE_NUMBERS,
    ...NUMBER_SETTINGS,
  };
  return numbers[name]?.unit || undefined;
}
