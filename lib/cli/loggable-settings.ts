import { hideLogin } from '../core/base/hide-login.ts';

/** Settings that are secrets. */
const SECRETS = ['apiKeys', 'operatorKeys', 'receiptKeys', 'webhookSecrets'];

/** Settings as they may be logged: no secrets, URLs without logins, and of the URL of webhooks only the host. */
export function loggableSettings(settings: object): Record<string, unknown> {
  const entries = Object.entries(settings).filter(([name]) => !SECRETS.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, loggable(name, value)]));
}

function loggable(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // Its path may be a secret of the receiver.
  return name === 'webhookDefaultUrl' ? (URL.parse(value)?.host ?? '') : hideLogin(value);
}
