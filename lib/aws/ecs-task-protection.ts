import type { Variables } from '../core/config/variables.ts';

/** Longest time that a call may take. The agent itself gives ECS several seconds, and retries. */
const CALL_MILLISECONDS = 15_000;

/** The members of the agent's responses that are read. A failure has the status 200. */
interface AgentResponse {
  readonly protection?: { readonly ProtectionEnabled?: boolean };
  readonly failure?: { readonly Reason?: string; readonly Detail?: string | null };
  readonly error?: { readonly Code?: string; readonly Message?: string };
}

/**
 * The scale-in protection of the ECS task that this process runs in: while it is on, neither service auto scaling nor a
 * deployment stops the task. The task role needs `ecs:UpdateTaskProtection`.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export class EcsTaskProtection {
  readonly #url: string;

  /** The protection of the task that this process runs in; undefined outside of ECS. */
  static ofThisTask({ ECS_AGENT_URI: agentUri }: Variables): EcsTaskProtection | undefined {
    return agentUri ? new EcsTaskProtection(agentUri) : undefined;
  }

  /** @param agentUri the value of `ECS_AGENT_URI`, which ECS sets in each container */
  constructor(agentUri: string) {
    this.#url = `${agentUri}/task-protection/v1/state`;
  }

  /**
   * Protects the task from now on.
   * @param minutes 1 to 2,880, after which the protection ends by itself
   * @throws Error with the reason of ECS
   */
  protect(minutes: number): Promise<void> {
    return this.#put({ ProtectionEnabled: true, ExpiresInMinutes: minutes });
  }

  /** Ends the protection. @throws Error with the reason of ECS */
  release(): Promise<void> {
    return this.#put({ ProtectionEnabled: false });
  }

  async #put(state: {
    readonly ProtectionEnabled: boolean;
    readonly ExpiresInMinutes?: number;
  }): Promise<void> {
    const response = await fetch(this.#url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(state),
      signal: AbortSignal.timeout(CALL_MILLISECONDS),
    });
    const text = await response.text();
    const { protection, failure, error } = readResponse(text);
    if (response.ok && protection?.ProtectionEnabled === state.ProtectionEnabled) return;
    const reason = failure
      ? [failure.Reason, failure.Detail]
      : error
        ? [error.Code, error.Message]
        : [`the ECS agent answered ${response.status}`, text.slice(0, 200)];
    throw new Error(reason.filter(Boolean).join(': '));
  }
}

function readResponse(text: string): AgentResponse {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
