/** The two clients, uploads of any size, and structured logs. */
import { Logger } from '@aws-lambda-powertools/logger';

export * from './clients-and-upload.ts';

export const logger = new Logger();
