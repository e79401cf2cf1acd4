/** The message attributes of outcomes that consumers select them by. */
export const LABEL_NAMES = { topic: 'Topic', status: 'Status', tenant: 'Tenant' } as const;
