/** The two clients, and uploads of any size. */
export { Upload } from '@aws-sdk/lib-storage';
export * from './clients.ts';
