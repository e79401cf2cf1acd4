import { PermanentError, type ProcessorRequest, processor, RetryLater } from 'coatcheck';

/** What a test asks of the processor. */
export type Behaviour =
  | { readonly do: 'echo'; readonly value: unknown }
  | { readonly do: 'refuse'; readonly reason: string }
  | { readonly do: 'fail'; readonly untilAttempt: number }
  | { readonly do: 'fill'; readonly megabytes: number }
  /** Tells one run from another. */
  | { readonly do: 'stamp'; readonly padding?: number }
  | { readonly do: 'kill'; readonly untilAttempt?: number }
  | { readonly do: 'overrun' };

/** Does what the payload asks for; a payload that isn't JSON is measured. */
export const handler = processor(async (request) => {
  if (request.contentType === 'application/octet-stream') return measure(request);
  const behaviour = (await request.json()) as Behaviour;
  switch (behaviour.do) {
    case 'echo':
      return { value: behaviour.value, attempt: request.attempt, metadata: request.metadata };
    case 'refuse':
      throw new PermanentError(behaviour.reason, { code: 'refused', details: { by: 'test' } });
    case 'fail':
      if (request.attempt < behaviour.untilAttempt) throw new RetryLater(0);
      return { attempt: request.attempt };
    case 'fill':
      return megabytesOf(behaviour.megabytes);
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
  }
});

async function measure(request: ProcessorRequest) {
  let bytes = 0;
  for await (const chunk of request.stream()) bytes += chunk.byteLength;
  return { bytes };
}

async function* megabytesOf(count: number) {
  for (let index = 0; index < count; index++) yield Buffer.alloc(1_000_000, String(index % 10));
}
