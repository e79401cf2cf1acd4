import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';

/** The answer of a function. */
export interface FunctionAnswer {
  /** What it returned; if it failed, an object with `errorType` and `errorMessage`. */
  readonly answer: unknown;
  /** Whether it failed. */
  readonly failed: boolean;
}

/** A function of Lambda that is invoked directly, in place of its event source. */
export class InvokedFunction {
  readonly name: string;
  readonly #client: LambdaClient;
  readonly #alias: string | undefined;

  /** @param alias @default - the function without a version */
  constructor(config: LambdaClientConfig, name: string, alias: string | undefined) {
    this.#client = new LambdaClient(config);
    this.name = name;
    this.#alias = alias;
  }

  /** Waits for the answer. @param event at most 6 MB as JSON */
  async invoke(event: object, abortSignal: AbortSignal): Promise<FunctionAnswer> {
    const invocation = { FunctionName: this.name, Qualifier: this.#alias, Payload: JSON.stringify(event) };
    const { FunctionError, Payload } = await this.#client.send(new InvokeCommand(invocation), {
      abortSignal,
    });
    const text = Payload?.transformToString() || 'null';
    return { answer: JSON.parse(text), failed: FunctionError !== undefined };
  }
}
