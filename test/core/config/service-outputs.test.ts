import { expect, test } from 'vitest';
import {
  describeServiceOutput,
  readServiceOutput,
  SERVICE_OUTPUTS,
  type ServiceOutputName,
} from '../../../lib/core/config/service-outputs.ts';

test('E2: an output says in its description whose it is', () => {
  for (const service of ['Orders', 'Backend/Images', 'A (b) of c', 'Größe']) {
    for (const name of Object.keys(SERVICE_OUTPUTS) as ServiceOutputName[]) {
      expect(readServiceOutput(describeServiceOutput({ service, name }))).toEqual({ service, name });
    }
  }
});

test.each(['', 'The URL', '(Coatcheck Url of Orders)', '(Coatcheck toString of Orders)', 'ApiUrl of Orders'])(
  'E2: %j is none of a service',
  (description) => {
    expect(readServiceOutput(description)).toBeUndefined();
  },
);
