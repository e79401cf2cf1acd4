import { expect, test } from 'vitest';
import { effectiveSettings } from '../../../lib/cli/serve/effective-settings.ts';
import { readServeEnvironment } from '../../../lib/core/config/serve-environment.ts';

const KEY = 'k'.repeat(32);

test('each setting has its value, its default, its unit and where it came from; secrets have no value', () => {
  const variables = {
    COATCHECK_API_KEYS: KEY,
    COATCHECK_MAX_ATTEMPTS: '7',
    COATCHECK_PORT: '8080',
    COATCHECK_WEBHOOK_DEFAULT_URL: 'https://example.com/secret-path',
    COATCHECK_GRACE_SECONDS: '5',
  };
  const sources = new Map([
    ['COATCHECK_PORT', 'option --port'],
    ['COATCHECK_GRACE_SECONDS', 'file'],
  ]);
  const environment = readServeEnvironment(variables);
  const settings = effectiveSettings(environment, sources, variables);
  expect(settings).toEqual(
    expect.arrayContaining([
      {
        name: 'maxAttempts',
        value: 7,
        unit: 'attempts',
        default: 5,
        setBy: 'variable COATCHECK_MAX_ATTEMPTS',
        from: 'variable COATCHECK_MAX_ATTEMPTS',
      },
      { name: 'port', value: 8080, default: 4570, setBy: 'variable COATCHECK_PORT', from: 'option --port' },
      expect.objectContaining({ name: 'graceSeconds', value: 5, unit: 'seconds', from: 'file' }),
      expect.objectContaining({ name: 'retryBaseSeconds', from: 'default', unit: 'seconds' }),
      { name: 'apiKeys', setBy: 'variable COATCHECK_API_KEYS', from: 'variable COATCHECK_API_KEYS' },
      expect.objectContaining({ name: 'receiptKeys', from: 'default' }),
      expect.objectContaining({ name: 'webhookDefaultUrl', value: 'example.com' }),
    ]),
  );
  expect(JSON.stringify(settings)).not.toMatch(/kkkk|secret-path/);
  expect(settings.map(({ name }) => name).toSorted()).toEqual(Object.keys(environment).toSorted());
});
