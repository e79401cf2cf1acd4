/** How much one call takes. */
export interface CallLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * Spreads messages over few calls: the largest first, each into the first call with room. That is never more calls
 * than filling one after the other takes, and the fewest possible for messages of one size.
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
