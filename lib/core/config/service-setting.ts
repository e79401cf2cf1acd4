import { NUMBER_SETTINGS, type NumberSetting, type NumberSettingName } from './settings.ts';

/** A setting of a service as it is in effect. */
export interface ServiceSetting {
  /** In code, such as `maxAttempts`. */
  readonly name: string;
  /** Absent for a secret, and for what is off or not known. */
  readonly value?: unknown;
  readonly unit?: string;
  /** Absent if it depends on other settings, or if the setting is off by default. */
  readonly default?: unknown;
  /** `default`, `deployment`, `file`, `option NAME` or `variable NAME`. */
  readonly from: string;
}

type Numbers = Readonly<Partial<Record<NumberSettingName, number>>>;

/** Numeric settings that have a value. @param fromOf where that of a setting came from */
export function numberSettings(
  values: Numbers,
  fromOf: (name: NumberSettingName, setting: NumberSetting) => string,
): ServiceSetting[] {
  return settingNames().flatMap((name) => {
    const value = values[name];
    if (value === undefined || !Number.isFinite(value)) return [];
    const setting: NumberSetting = NUMBER_SETTINGS[name];
    return [withDefault({ name, value, unit: setting.unit, from: fromOf(name, setting) }, setting.default)];
  });
}

/** The numeric settings of a deployment. @param given those that differ from their defaults */
export function deployedSettings(given: Numbers): ServiceSetting[] {
  const defaults: Numbers = Object.fromEntries(
    settingNames().map((name) => [name, (NUMBER_SETTINGS[name] as NumberSetting).default]),
  );
  return numberSettings({ ...defaults, ...given }, (name) => (name in given ? 'deployment' : 'default'));
}

/** Those settings of a deployment that differ from their defaults. */
export function givenNumbers(values: Numbers): Record<string, number> {
  return Object.fromEntries(
    settingNames().flatMap((name) => {
      const value = values[name];
      const setting: NumberSetting = NUMBER_SETTINGS[name];
      return value === undefined || value === setting.default ? [] : [[name, value]];
    }),
  );
}

/** Adds a default to a setting, if there is one. */
export function withDefault(setting: ServiceSetting, byDefault: unknown): ServiceSetting {
  return byDefault === undefined ? setting : { ...setting, default: byDefault };
}

function settingNames(): NumberSettingName[] {
  return Object.keys(NUMBER_SETTINGS).filter((name): name is NumberSettingName => name in NUMBER_SETTINGS);
}
