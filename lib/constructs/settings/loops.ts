import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { queueIdentity } from '../storage/queue-resource.ts';

/** A service that receives from one queue and sends to others. */
interface Link {
  readonly inputQueue: IQueue;
  readonly outputQueues: readonly IQueue[];
}

/** A link with the path of its service. */
interface NamedLink extends Link {
  readonly path: string;
}

/**
 * The problem of a service whose outcomes become its requests: they would circulate, and cost money, until Lambda stops the loop.
 * @param path of the service
 * @param all those of its app
 * @param what names what leads outcomes to other queues
 */
export function loopProblems(path: string, all: readonly NamedLink[], what: string): string[] {
  const start = all.find((link) => link.path === path);
  const loop = start ? loopFrom(start, all).map((link) => link.path) : [];
  if (loop.length === 0) return [];
  return [`${what} must not lead back to the input queue, got ${[...loop, path].join(' → ')}`];
}

/**
 * The links through which an outcome of `start` becomes a request of `start` again; empty without a loop. The search
 * follows the queues of this app and ends at an imported queue.
 */
function loopFrom<Known extends Link>(start: Known, all: readonly Known[]): readonly Known[] {
  const seen = new Set<Known>();
  const pathTo = (link: Known): readonly Known[] => {
    if (seen.has(link)) return [];
    seen.add(link);
    for (const next of nextOf(link, all)) {
      if (next === start) return [link];
      const path = pathTo(next);
      if (path.length > 0) return [link, ...path];
    }
    return [];
  };
  return pathTo(start);
}

function nextOf<Known extends Link>({ outputQueues }: Known, all: readonly Known[]): Known[] {
  const identities = outputQueues.map(queueIdentity);
  return all.filter(({ inputQueue }) => identities.includes(queueIdentity(inputQueue)));
}
