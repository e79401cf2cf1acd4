import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, inject } from 'vitest';
import { S3PayloadStore } from '../../lib/aws/s3-payload-store.ts';
import { localClients } from '../../lib/local/clients.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { payloadStoreSuite } from './payload-store-suite.ts';

payloadStoreSuite('in memory', async () => {
  const store = new MemoryPayloadStore();
  return {
    store,
    reopen: () => store,
    bucket: store.bucket,
    put: async (key, content, contentType = 'text/plain', metadata = {}) =>
      store.put(key, content, { contentType, metadata }),
    remove: async (key) => store.remove(key),
    keys: async (prefix) => store.keys(prefix),
    unfinished: async () => [],
  };
});

const { s3 } = localClients(inject('endpoint'));
const bucket = `conformance-${crypto.randomUUID()}`;

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
});

payloadStoreSuite('S3', async () => ({
  store: new S3PayloadStore(s3, bucket),
  reopen: () => new S3PayloadStore(localClients(inject('endpoint')).s3, bucket),
  bucket,
  put: async (Key, Body, ContentType = 'text/plain', Metadata = {}) => {
    const command = new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType, Metadata });
    return (await s3.send(command)).VersionId ?? '';
  },
  remove: async (Key) => void (await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }))),
  keys: async (Prefix) => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
    return Contents.map(({ Key = '' }) => Key);
  },
  unfinished: async () => {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    return Uploads.map(({ Key = '' }) => Key);
  },
}));
