import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DownstreamUnavailable,
  PermanentError,
  type ProcessorRequest,
  processor,
  RetryLater,
} from 'coatcheck';

/** Behaviour that a test requests from the processor. */
export type Behaviour =
  | { readonly do: 'echo'; readonly value: unknown }
  | { readonly do: 'refuse'; readonly reason: string }
  | {
      readonly do: 'fail';
      readonly untilAttempt: number;
      readonly afterSeconds?: number;
      readonly value?: unknown;
    }
  /** `breaks` after the megabytes. */
  | { readonly do: 'fill'; readonly megabytes: number; readonly breaks?: boolean }
  /** Distinguishes runs. */
  | { readonly do: 'stamp'; readonly padding?: number }
  | { readonly do: 'kill'; readonly untilAttempt?: number }
  | { readonly do: 'overrun' }
  /** Returns the response to a call with a library. */
  | { readonly do: 'respond'; readonly url: string; readonly library: string; readonly installedIn: string }
  /** Returns these bytes. */
  | { readonly do: 'bytes'; readonly base64: string }
  /** URL of a dependency that every request of its service needs. */
  | { readonly do: 'call'; readonly url: string }
  /** Works in slices, and writes each into a log. Kills the process in some of them, at their first run. */
  | {
      readonly do: 'slices';
      readonly count: number;
      readonly milliseconds: number;
      readonly kills: readonly number[];
      readonly log: string;
    }
  /** Counts its requests in an item, and is killed at its first run before or after that. */
  | { readonly do: 'count'; readonly killed: 'before' | 'after'; readonly log: string }
  /** Writes its start and its end into a log. */
  | { readonly do: 'stay'; readonly milliseconds: number; readonly log: string }
  /** Reports progress many times. Ends before its time when a file exists. */
  | { readonly do: 'report'; readonly seconds: number; readonly until?: string };

/** Performs the behaviour in the payload; measures other payloads. */
export const handler = processor(async (request) => {
  if (request.contentType === 'application/octet-stream') return measure(request);
  const behaviour = (await request.json()) as Behaviour;
  switch (behaviour.do) {
    case 'echo':
      return {
        value: behaviour.value,
        attempt: request.attempt,
        contentType: request.contentType,
        metadata: request.metadata,
      };
    case 'refuse':
      throw new PermanentError(behaviour.reason, { code: 'refused', details: { by: 'test' } });
    case 'fail':
      if (request.attempt < behaviour.untilAttempt) throw new RetryLater(behaviour.afterSeconds ?? 0);
      return { attempt: request.attempt, value: behaviour.value };
    case 'fill':
      return megabytesOf(behaviour.megabytes, behaviour.breaks);
    case 'stamp':
      return { run: crypto.randomUUID(), padding: '.'.repeat(behaviour.padding ?? 0) };
    case 'kill':
      if (request.attempt >= (behaviour.untilAttempt ?? Number.POSITIVE_INFINITY))
        return { attempt: request.attempt };
      process.kill(process.pid, 'SIGKILL');
      return await new Promise(() => {});
    case 'overrun':
      await new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)),
      );
      break;
    case 'respond': {
      const { library, installedIn, url } = behaviour;
      const { fetch } = createRequire(installedIn)(library);
      return await fetch(url);
    }
    case 'bytes':
      return Buffer.from(behaviour.base64, 'base64');
    case 'call':
      return await call(behaviour.url);
    case 'slices':
      return await workInSlices(request, behaviour);
    case 'count':
      return await count(request, behaviour);
    case 'stay':
      appendFileSync(behaviour.log, '(');
      await sleep(behaviour.milliseconds);
      appendFileSync(behaviour.log, ')');
      return {};
    case 'report':
      return await report(request, behaviour);
  }
});

async function call(url: string) {
  const response = await fetch(url).catch((cause) => {
    throw new DownstreamUnavailable('nobody answers', { cause });
  });
  return { answer: await response.text() };
}

/** The item of the count, which is in the table of the records. */
const COUNT = { pk: { S: 'count' } };

async function count(request: ProcessorRequest, { killed, log }: Extract<Behaviour, { do: 'count' }>) {
  const isFirst = !readFileSync(log, 'utf8').includes(request.id);
  appendFileSync(log, `${request.id}\n`);
  const kill = (when: typeof killed) => {
    if (isFirst && killed === when) process.kill(process.pid, 'SIGKILL');
  };
  kill('before');
  const Update = {
    TableName: process.env.COATCHECK_REQUEST_TABLE,
    Key: COUNT,
    UpdateExpression: 'ADD requests :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
  };
  await request.complete({ attempt: request.attempt }, { dynamodb: [{ Update }] });
  kill('after');
}

async function workInSlices(
  request: ProcessorRequest,
  { count, milliseconds, kills, log }: Extract<Behaviour, { do: 'slices' }>,
) {
  let { done, sum } = (request.state ?? { done: 0, sum: 0 }) as { done: number; sum: number };
  while (done < count) {
    await sleep(milliseconds, undefined, { signal: request.signal });
    const isFirst = !readFileSync(log, 'utf8').split('\n').includes(String(done));
    appendFileSync(log, `${done}\n`);
    if (isFirst && kills.includes(done)) process.kill(process.pid, 'SIGKILL');
    sum += done++;
    request.progress(done / count);
    await request.checkpoint({ done, sum });
  }
  return { sum, attempt: request.attempt };
}

async function report(request: ProcessorRequest, { seconds, until }: Extract<Behaviour, { do: 'report' }>) {
  const begun = Date.now();
  for (let fraction = 0; fraction < 1; fraction = (Date.now() - begun) / (seconds * 1000)) {
    if (until !== undefined && existsSync(until)) break;
    request.progress(fraction, 'on the way');
    await sleep(100, undefined, { signal: request.signal });
  }
  return {};
}

async function measure(request: ProcessorRequest) {
  let bytes = 0;
  const hash = createHash('sha256');
  for await (const chunk of request.stream()) {
    bytes += chunk.byteLength;
    hash.update(chunk);
  }
  return { bytes, sha256: hash.digest('base64') };
}

async function* megabytesOf(count: number, breaks = false) {
  for (let index = 0; index < count; index++) yield Buffer.alloc(1_000_000, String(index % 10));
  if (breaks) throw new PermanentError(`it breaks after ${count} MB`, { code: 'broken' });
}
