/**
 * A consumer that never ends: it says which outcomes it was given, and hangs at each.
 * Its arguments: the queue's URL, and for how many seconds a message stays hidden after its last sign of life.
 */
import { consume } from '../../../lib/consumer/index.ts';

const [queueUrl = '', visibilityTimeoutSeconds] = process.argv.slice(2);

await consume({ queueUrl, visibilityTimeoutSeconds: Number(visibilityTimeoutSeconds) }, ({ requestId }) => {
  console.log(requestId);
  return new Promise(() => {});
});
