/** What an HTTP API without Coatcheck needs: the clients, presigning, and a router. */
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Hono } from 'hono';

export * from './clients-upload-records-and-logger.ts';

export const presigning = { createPresignedPost, getSignedUrl };

export const app = new Hono().post('/v1/requests', (c) => c.json({}));
