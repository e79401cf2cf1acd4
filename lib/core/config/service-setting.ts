import { FARGATE_NUMBERS, type FargateNumberName } from './fargate-settings.ts';
import { NUMBER_SETTINGS, type NumberSetting, type NumberSettingName } from './settings.ts';

/** A setting of a service as it is in effect. */
export interface ServiceSetting {
  /** In code, such as `maxAttempts`. */
  readonly name: string;
  /** Absent for secrets, and for settings that are off or unknown. */
  readonly value?: unknown;
  readonly unit?: string;
  /** Absent if it depends on other settings, or if the setting is off by default. */
  readonly default?: unknown;
  /** What sets it: `prop NAME` of `AsyncService`, or `variable NAME`. Absent where nothing outside of the program does. */
  readonly setBy?: string;
  /** `default`, `deployment`, `program`, `file`, `option NAME` or `variable NAME`. */
  readonly from: string;
}

type Numbers = Readonly<Partial<Record<NumberSettingName, number>>>;

/** Numeric settings that have a value. @param originOf where that of a setting came from */
export function numberSettings(
  values: Numbers,
  originOf: (name: NumberSettingName, setting: NumberSetting) => Pick<ServiceSetting, 'setBy' | 'from'>,
): ServiceSetting[] {
  return settingNames().flatMap((name) => {
    const value = values[name];
    if (value === undefined || !Number.isFinite(value)) return [];
    const setting: NumberSetting = NUMBER_SETTINGS[name];
    return [withDefault({ name, value, unit: setting.unit, ...originOf(name, setting) }, setting.default)];
  });
}

/** What only a function has: a service on Fargate has tasks instead. */
const OF_FUNCTIONS: readonly string[] = [
  'batchSize',
  'batchWindowSeconds',
  'maxConcurrency',
  'highMaxConcurrency',
  'lowMaxConcurrency',
  'minPollers',
  'maxPollers',
  'concurrency',
  'reservedConcurrency',
  'ephemeralStorageMiB',
  'memoryMiB',
  'timeoutSeconds',
  'visibilityTimeoutSeconds',
] satisfies NumberSettingName[];

/**
 * The numeric settings of a deployment.
 * @param given those that differ from their defaults, and all of Fargate if it runs there
 */
export function deployedSettings(
  given: Numbers & Readonly<Partial<Record<FargateNumberName, number>>>,
): ServiceSetting[] {
  const defaults: Numbers = Object.fromEntries(
    settingNames().map((name) => [name, (NUMBER_SETTINGS[name] as NumberSetting).default]),
  );
  const settings = numberSettings({ ...defaults, ...given }, (name, { prop }) => ({
    setBy: `prop ${prop}`,
    from: name in given ? 'deployment' : 'default',
  }));
  if (given.maxTasks === undefined) return settings;
  const fargate = Object.entries(FARGATE_NUMBERS).map(([name, { prop, unit, default: byDefault }]) => {
    const value = given[name as FargateNumberName] ?? byDefault;
    const from = value === byDefault ? 'default' : 'deployment';
    return { name, value, unit, default: byDefault, setBy: `prop ${prop}`, from };
  });
  return [...settings.filter(({ name }) => !OF_FUNCTIONS.includes(name)), ...fargate];
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

/** The keys of metadata that records keep. @param origin where they came from, if there are any */
export function recordMetadataSetting(
  names: readonly string[],
  origin: Pick<ServiceSetting, 'setBy' | 'from'>,
): ServiceSetting {
  const from = names.length === 0 ? 'default' : origin.from;
  return { name: 'recordMetadata', value: names, default: [], ...origin, from };
}

/** Adds a default to a setting, if there is one. */
export function withDefault(setting: ServiceSetting, byDefault: unknown): ServiceSetting {
  return byDefault === undefined ? setting : { ...setting, default: byDefault };
}

function settingNames(): NumberSettingName[] {
  return Object.keys(NUMBER_SETTINGS).filter((name): name is NumberSettingName => name in NUMBER_SETTINGS);
}
