import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { DirectoryPayloadStore } from '../../lib/stores/directory/payload-store.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { chunked } from '../support/streams.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { exercisePayloadStore } from './payload-store-suite.ts';

exercisePayloadStore(
  'in memory',
  async () => {
    const store = new MemoryPayloadStore();
    return {
      store,
      reopen: () => store,
      location: { bucket: store.bucket },
      put: async (key, content, contentType = 'text/plain', metadata = {}) =>
        store.put(key, content, { contentType, metadata }),
      remove: async (key) => store.remove(key),
      keys: async (prefix) => store.keys(prefix),
      unfinished: async () => [],
    };
  },
  { versioned: true },
);

const { s3 } = localClients(inject('endpoint'));
const bucket = `conformance-${crypto.randomUUID()}`;

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
});

exercisePayloadStore(
  'S3',
  async () => ({
    store: new S3PayloadStore(s3, bucket),
    reopen: () => new S3PayloadStore(localClients(inject('endpoint')).s3, bucket),
    location: { bucket },
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
  }),
  { versioned: true },
);

exercisePayloadStore(
  'in a directory',
  async () => {
    const directory = await temporaryFolder();
    const store = await DirectoryPayloadStore.open(directory);
    const other = await DirectoryPayloadStore.open(directory);
    return {
      store,
      reopen: () => other,
      location: store.location,
      put: async (key, content, contentType = 'text/plain', metadata = {}) => {
        await store.put(key, chunked(content), { contentType, metadata }, new AbortController().signal);
        return undefined;
      },
      remove: (key) => store.remove(key),
      keys: async (prefix) => (await keysIn(directory)).filter((key) => key.startsWith(prefix)),
      unfinished: () => readdir(join(directory, 'unfinished')),
    };
  },
  { versioned: false },
);

/** The keys in the first lines of the objects in a directory. */
async function keysIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const contents = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')),
  );
  return contents.map((content) => JSON.parse(content.slice(0, content.indexOf('\n'))).key);
}
