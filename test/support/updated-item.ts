import type { ReceivedCall } from './scripted-endpoint.ts';

/** The item that an update of DynamoDB makes: its key, and each `#name` it sets to `:name`. */
export function updatedItem({ body }: ReceivedCall) {
  const { Key, ExpressionAttributeNames, ExpressionAttributeValues } = JSON.parse(String(body));
  const names = Object.entries<string>(ExpressionAttributeNames);
  const values = names.map(([placeholder, name]) => [
    name,
    ExpressionAttributeValues[placeholder.replace('#', ':')],
  ]);
  return { ...Key, ...Object.fromEntries(values.filter(([, value]) => value !== undefined)) };
}
