import { describe, expect, test } from 'vitest';
import { emulatorEnvironment, readLocalSettings, toolEnvironment } from '../../lib/local/environment.ts';

describe('settings', () => {
  test('default to the usual port', () => {
    expect(readLocalSettings({})).toEqual({ port: 4566 });
  });

  test('read a port and an endpoint', () => {
    const variables = { COATCHECK_LOCAL_PORT: '4600', AWS_ENDPOINT_URL: 'http://localhost:4566' };
    expect(readLocalSettings(variables)).toEqual({ port: 4600, endpoint: 'http://localhost:4566' });
  });

  test.each(['0', '65536', '-1', '45a', '4566.5'])('reject the port %s', (port) => {
    expect(() => readLocalSettings({ COATCHECK_LOCAL_PORT: port })).toThrow(
      `COATCHECK_LOCAL_PORT must be a port from 1 to 65535, got ${port}`,
    );
  });

  test.each(['localhost:4566', 'ftp://localhost', 'nonsense'])('reject the endpoint %s', (endpoint) => {
    expect(() => readLocalSettings({ AWS_ENDPOINT_URL: endpoint })).toThrow(
      `AWS_ENDPOINT_URL must be an http or https URL, got ${endpoint}`,
    );
  });
});

describe('the environment of', () => {
  const user = {
    AWS_PROFILE: 'production',
    AWS_ACCESS_KEY_ID: 'AKIAREAL',
    AWS_SECRET_ACCESS_KEY: 'real',
    AWS_SESSION_TOKEN: 'real',
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_S3: 'https://s3.eu-central-1.amazonaws.com',
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AMAZON_ACCESS_KEY_ID: 'AKIAREAL',
    CDK_DEFAULT_ACCOUNT: '123456789012',
    SERVICES: 's3',
    PERSIST_STATE: '1',
    PYTHONPATH: '/somewhere',
    NODE_OPTIONS: '--inspect',
    NO_PROXY: 'intranet',
    PATH: '/usr/bin',
    HOME: '/home/user',
  };

  test('a tool has no AWS settings of the user', () => {
    const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, ...environment } = toolEnvironment(
      'http://127.0.0.1:4566',
      user,
    );

    const aboutAws = Object.entries(environment).filter(([name]) => /^(AWS|AMAZON|CDK)_/.test(name));
    expect(Object.fromEntries(aboutAws)).toEqual({
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    expect(environment).toMatchObject({ HOME: '/home/user', NO_PROXY: 'intranet,127.0.0.1' });
    expect(environment.PATH).toMatch(/node_modules\/\.bin:\/usr\/bin$/);
  });

  test('the emulator and its functions has the home folder, the language and the path', () => {
    const environment = emulatorEnvironment('http://127.0.0.1:4599', user);

    const ofUser = Object.entries(user).filter(([name, value]) => environment[name] === value);
    expect(ofUser).toEqual([['HOME', '/home/user']]);
    expect(environment).not.toHaveProperty('NODE_OPTIONS');
    expect(environment).not.toHaveProperty('AWS_SESSION_TOKEN');
    expect(environment).toMatchObject({
      GATEWAY_PORT: '4599',
      BIND_HOST: '127.0.0.1',
      AWS_ACCESS_KEY_ID: 'test',
    });
    expect(environment.PATH).toMatch(/node_modules\/\.bin:\/usr\/bin$/);
  });
});
