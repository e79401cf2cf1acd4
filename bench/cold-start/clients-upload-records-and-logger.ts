/** The clients, uploads of any size, and structured logs. */
import { Logger } from '@aws-lambda-powertools/logger';

export * from './clients-upload-and-records.ts';

export const logger = new Logger();
