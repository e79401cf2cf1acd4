/** The limits of one call. */
export interface CallLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * Packs messages into few calls: largest first, each into the first call with room. That never takes more calls than
 * filling them in sequence, and takes the fewest possible for messages of equal size.
 */
export function pack<Message extends { readonly size: number }>(
  messages: readonly Message[],
  { maxMessages, maxBytes }: CallLimits,
): Message[][] {
  const calls: { room: number; messages: Message[] }[] = [];
  for (const message of messages.toSorted((a, b) => b.size - a.size)) {
    let call = calls.find(({ room, messages }) => room >= message.size && messages.length < maxMessages);
    if (!call) {
      call = { room: maxBytes, messages: [] };
      calls.push(call);
    }
    call.room -= message.size;
    call.messages.push(message);
  }
  return calls.map(({ messages }) => messages);
}
