import { expect, it } from 'vitest';
import { ALARM_HASH_LENGTH, alarmHash } from '../../../lib/core/config/alarm-hash.ts';

it.each(['ServiceAlarmsPaused00000000', 'ServiceAlarmsPausedFFFFFFFF', 'ServiceAlarmsPaused0A1B2C3D'])(
  'that of %s has the length of all hashes',
  (logicalId) => {
    expect(alarmHash(logicalId)).toHaveLength(ALARM_HASH_LENGTH);
  },
);

it('differs with the last digit of the logical id', () => {
  expect(alarmHash('Paused0A1B2C3D')).not.toBe(alarmHash('Paused0A1B2C3E'));
});

it.each(['', 'Paused', 'PAUSED-0a1b2c3d'])(
  'that of %j, which is no logical id of the CDK, is empty',
  (name) => {
    expect(alarmHash(name)).toBe('');
  },
);
