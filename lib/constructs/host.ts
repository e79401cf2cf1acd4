import { ANYTHING, assertOptions } from '../core/config/shape.ts';
import type { FargateProps } from './settings/fargate-props.ts';

/** Decides what runs the processor of an `AsyncService`. */
export class Host {
  /** A Lambda function: scales from zero within seconds; a job may take 15 minutes. */
  static lambda(): Host {
    return new Host(undefined);
  }

  /**
   * Tasks of an ECS service on Fargate: scales from zero within minutes; a job may take as long as it needs. See
   * docs/fargate.md.
   * @throws ConfigurationError for what is no object
   */
  static fargate(props: FargateProps): Host {
    assertOptions('Host.fargate()', props, ANYTHING);
    return new Host(props);
  }

  /** Undefined on Lambda. */
  readonly fargate: FargateProps | undefined;

  private constructor(fargate: FargateProps | undefined) {
    this.fargate = fargate;
  }
}
