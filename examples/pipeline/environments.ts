/** Where the service runs: an account per environment, so that the role of one can't change the other. Replace them. */
export const ENVIRONMENTS = {
  staging: { account: '111111111111', region: 'eu-west-1' },
  production: { account: '222222222222', region: 'eu-west-1' },
} as const;
