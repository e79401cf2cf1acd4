import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the agent answers to a call. */
export interface AgentAnswer {
  readonly status?: number;
  readonly body: object | string;
}

/** A call of the task protection endpoint. */
export interface AgentCall {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: { readonly ProtectionEnabled?: boolean; readonly ExpiresInMinutes?: number };
}

const TASK = 'arn:aws:ecs:us-west-2:111122223333:task/1234567890abcdef0';

/**
 * The endpoint for task scale-in protection as ECS documents it.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export class EcsAgent implements AsyncDisposable {
  readonly calls: AgentCall[] = [];
  /** What it answers, in place of success. */
  answer: AgentAnswer | undefined;
  #isProtected = false;
  readonly #server = createServer(async (request, response) => {
    const body = JSON.parse((await request.toArray()).join('') || '{}');
    this.calls.push({ method: request.method, url: request.url, body });
    const { status = 200, body: answer } = this.answer ?? { body: this.#set(body) };
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });

  static async start(): Promise<EcsAgent> {
    const agent = new EcsAgent();
    agent.#server.listen(0, '127.0.0.1');
    await once(agent.#server, 'listening');
    return agent;
  }

  /** The value of `ECS_AGENT_URI`. */
  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/endpoint`;
  }

  get isProtected(): boolean {
    return this.#isProtected;
  }

  #set({ ProtectionEnabled, ExpiresInMinutes = 120 }: AgentCall['body']): object {
    this.#isProtected = ProtectionEnabled ?? this.#isProtected;
    const expiresAt = new Date(Date.now() + ExpiresInMinutes * 60_000).toISOString();
    return {
      protection: {
        ExpirationDate: this.#isProtected ? expiresAt : null,
        ProtectionEnabled: this.#isProtected,
        TaskArn: TASK,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
