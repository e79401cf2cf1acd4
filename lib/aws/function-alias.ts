import {
  GetAliasCommand,
  LambdaClient,
  type LambdaClientConfig,
  ListVersionsByFunctionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-lambda';
import { VERSION_VARIABLE } from '../core/config/variable-names.ts';

/** Which versions of a function an alias invokes. */
export interface AliasRouting {
  /** The number of the version that is invoked for what the weights leave. */
  readonly version: string;
  /** The shares of other versions, from 0 to 1, by number. */
  readonly weights: Readonly<Record<string, number>>;
}

/** An alias as it was read. */
export interface AliasState extends AliasRouting {
  /** Changes with each change of the alias. */
  readonly revision: string | undefined;
}

/** A version of a function that Lambda keeps. */
export interface PublishedVersion {
  readonly version: string;
  /** The version that its code gives itself. */
  readonly handlerVersion: string | undefined;
  /** ISO 8601. */
  readonly publishedAt: string | undefined;
}

/** The state of a function's code that can change; the others are published versions. */
const UNPUBLISHED = '$LATEST';

/** An alias of a function of Lambda. */
export class FunctionAlias {
  readonly name: string;
  readonly #function: string;
  readonly #client: LambdaClient;

  constructor(config: LambdaClientConfig, functionName: string, name: string) {
    this.#client = new LambdaClient(config);
    this.#function = functionName;
    this.name = name;
  }

  async read(abortSignal: AbortSignal): Promise<AliasState> {
    const { FunctionVersion, RoutingConfig, RevisionId } = await this.#client.send(
      new GetAliasCommand({ FunctionName: this.#function, Name: this.name }),
      { abortSignal },
    );
    return {
      version: FunctionVersion ?? '',
      weights: RoutingConfig?.AdditionalVersionWeights ?? {},
      revision: RevisionId,
    };
  }

  /** The published versions of the function, the newest first. */
  async versions(abortSignal: AbortSignal): Promise<PublishedVersion[]> {
    const found: PublishedVersion[] = [];
    let Marker: string | undefined;
    do {
      const page = await this.#client.send(
        new ListVersionsByFunctionCommand({ FunctionName: this.#function, Marker }),
        { abortSignal },
      );
      for (const { Version = '', Environment, LastModified } of page.Versions ?? []) {
        if (Version === UNPUBLISHED) continue;
        const handlerVersion = Environment?.Variables?.[VERSION_VARIABLE];
        found.push({ version: Version, handlerVersion, publishedAt: LastModified });
      }
      Marker = page.NextMarker;
    } while (Marker);
    return found.toSorted((a, b) => Number(b.version) - Number(a.version));
  }

  /**
   * Invokes one version only from now on.
   * @throws PreconditionFailedException of the SDK if the alias was changed since it was read
   */
  async pointTo(version: string, { revision }: AliasState, abortSignal: AbortSignal): Promise<void> {
    await this.#client.send(
      new UpdateAliasCommand({
        FunctionName: this.#function,
        Name: this.name,
        FunctionVersion: version,
        // Without it, Lambda keeps the weights.
        RoutingConfig: { AdditionalVersionWeights: {} },
        RevisionId: revision,
      }),
      { abortSignal },
    );
  }
}
