/** What the process of a processor says to `coatcheck dev`. */
export type ProcessorMessage =
  | { readonly type: 'loaded'; readonly file: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly problem: string };

/** Whether a message is one of the process, and not one that a handler sent. */
export function isProcessorMessage(value: unknown): value is ProcessorMessage {
  const { type } = Object(value);
  return type === 'loaded' || type === 'ready' || type === 'failed';
}
