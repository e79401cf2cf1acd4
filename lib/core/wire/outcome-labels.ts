import { LABEL_NAMES } from '../config/label-names.ts';
import type { Outcome } from '../model/outcome.ts';
import type { MessageAttribute } from '../model/received-message.ts';
import type { OutputMessage } from '../ports/message-sink.ts';

/** The part of an outcome that its labels describe. */
export type LabelledOutcome = Pick<Outcome, 'request' | 'status' | 'topic'>;

/** The labels by which consumers select outcomes, as message attributes. */
export function labelsOf({ request, status, topic }: LabelledOutcome): OutputMessage['attributes'] {
  return {
    ...(request.tenant !== undefined && { [LABEL_NAMES.tenant]: textAttribute(request.tenant) }),
    ...(topic !== undefined && { [LABEL_NAMES.topic]: textAttribute(topic) }),
    [LABEL_NAMES.status]: textAttribute(status),
  };
}

/** A message attribute that is text. */
export function textAttribute(value: string): MessageAttribute {
  return { type: 'String', value };
}
