import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { MAX_SERVICES_BEHIND } from '../../core/config/processor-queues.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { type ProcessorProps, SHARED_PROPS } from '../processor-props.ts';
import { assertProps } from './assert-props.ts';
import { processorProblems } from './async-service-problems.ts';
import { capProblems } from './limit-problems.ts';

/** A processor with its topics. */
interface Subscriber {
  readonly path: string;
  readonly topics: readonly string[];
  readonly serviceName: string;
}

/** A service that others are added to. */
export interface FrontDoor {
  /** The path of its construct. */
  readonly path: string;
  readonly props: AsyncServiceProps;
  readonly outputQueue: IQueue | undefined;
  /** Its own processor, and those that were added before. */
  readonly subscribers: readonly Subscriber[];
}

/**
 * The props of a processor that is added to a service, with those that it shares.
 * @throws ConfigurationError
 */
export function propsBehind(front: FrontDoor, path: string, own: ProcessorProps): AsyncServiceProps {
  assertProps(path, processorProblems(own));
  assertProps(path, problemsBehind(front, own));
  const shared = Object.fromEntries(SHARED_PROPS.map((name) => [name, front.props[name]]));
  return { ...own, ...shared, output: own.output ?? sharedOutput(front) };
}

function sharedOutput({ props, outputQueue }: FrontDoor): AsyncServiceProps['output'] {
  return outputQueue ? { ...(props.output || {}), queue: outputQueue } : false;
}

function problemsBehind({ path, props, subscribers }: FrontDoor, own: ProcessorProps): string[] {
  const given = SHARED_PROPS.filter((name) => name in own);
  const taken = own.topics.flatMap((pattern, index) => {
    const other = subscribers.find(({ topics }) => topics.includes(pattern));
    return other
      ? [
          `topics[${index}] must differ from the patterns of all other processors, got ${pattern}, which ${other.path} has`,
        ]
      : [];
  });
  return [
    ...given.map((name) => `${name} must be left out, since it is that of ${path}`),
    ...taken,
    ...(own.observability?.audit
      ? [`observability.audit must be left out, got it: the audits of ${path} look at all its processors`]
      : []),
    ...(own.queue?.lanes
      ? [`queue.lanes must be left out, got them: only ${path} itself can have queues for other priorities`]
      : []),
    // The load of a processor is stored by its name.
    ...subscribers
      .filter(({ serviceName }) => serviceName === own.serviceName)
      .map(
        ({ serviceName, path: other }) =>
          `serviceName must differ from those of all other processors, got ${serviceName}, which ${other} has`,
      ),
    ...capProblems(own.limits, `the API counts only those that wait for the processor of ${path}`),
    ...(props.topics
      ? []
      : [`${path} must have the prop topics, so that uploads are relayed to the processors by their topics`]),
    ...(subscribers.length > MAX_SERVICES_BEHIND
      ? [`${path} must have at most ${MAX_SERVICES_BEHIND} added processors, got ${subscribers.length}`]
      : []),
  ];
}
