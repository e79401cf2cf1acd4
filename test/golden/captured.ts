/** What of an SDK's client is used to see what it would send. */
interface Client {
  readonly middlewareStack: {
    add(middleware: (next: unknown) => (args: { input: object }) => Promise<unknown>, options: object): void;
  };
}

/** The inputs of the commands that a client is given; it sends none, and answers each with `output`. */
export function capture(client: Client, output: object = {}): object[] {
  const inputs: object[] = [];
  client.middlewareStack.add(
    () =>
      async ({ input }) => {
        inputs.push(input);
        return { output: { $metadata: {}, ...output }, response: {} };
      },
    { step: 'initialize', priority: 'high' },
  );
  return inputs;
}
