import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Alias, type IVersion, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { emulatorEndpoint } from './emulated-aws.ts';
import { attemptSuccessRate } from './observability/service-metrics.ts';
import type { ReleaseProps } from './release-props.ts';
import type { ServiceSettings } from './settings/service-settings.ts';

/** Configures a {@link Release}. */
export interface ReleaseSetup {
  readonly release: ReleaseProps;
  readonly settings: ServiceSettings;
  readonly function: LambdaFunction;
}

/** The name of the alias. */
const ALIAS = 'live';

/** With fewer attempts in a minute, the success rate counts as 100%. */
const MIN_ATTEMPTS = 10;

/**
 * Publishes each version of the processor under an alias, moves traffic to it step by step, and back if the version is
 * bad. CloudFormation must not delete old versions, since a rollback needs them.
 */
export class Release extends Construct {
  /** The alias whose versions run requests. */
  readonly alias: Alias;
  /** The alarms that roll a release back: on errors and the success rate of the new version. */
  readonly alarms: readonly Alarm[];
  /** The deployments of CodeDeploy; undefined on an emulator of AWS, which has no CodeDeploy. */
  readonly deployments: LambdaDeploymentGroup | undefined;

  constructor(scope: Construct, id: string, { release, settings, function: processor }: ReleaseSetup) {
    super(scope, id);
    const version = processor.currentVersion;
    this.alias = new Alias(this, 'Alias', { aliasName: ALIAS, version });
    this.alarms = [
      this.#onErrors(settings, processor, version),
      // Emulators reject alarms on metric math.
      ...(settings.metrics && !emulatorEndpoint() ? [this.#onSuccessRate(settings, version)] : []),
    ];
    // The alarms must watch the new version before traffic moves to it.
    this.alias.node.addDependency(...this.alarms);
    if (emulatorEndpoint()) return;
    this.deployments = new LambdaDeploymentGroup(this, 'Deployments', {
      alias: this.alias,
      deploymentConfig: release.traffic ?? LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      alarms: [...this.alarms, ...(release.alarms ?? [])],
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
  }

  /** While traffic moves, the metrics of the alias alone are mostly those of the old version. */
  #onErrors({ serviceName }: ServiceSettings, { functionName }: LambdaFunction, version: IVersion): Alarm {
    return new Alarm(this, 'Errors', {
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Errors',
        dimensionsMap: {
          FunctionName: functionName,
          Resource: `${functionName}:${ALIAS}`,
          ExecutedVersion: version.version,
        },
        statistic: Stats.SUM,
        period: Duration.minutes(1),
      }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: [
        `A batch of the latest version of ${serviceName} crashed or timed out. If the version was being released, the release`,
        'is rolled back. The log of the processor has the reason.',
      ].join(' '),
    });
  }

  #onSuccessRate({ serviceName, minReleaseSuccessPercent }: ServiceSettings, { version }: IVersion): Alarm {
    return new Alarm(this, 'SuccessRate', {
      metric: attemptSuccessRate(serviceName, version, MIN_ATTEMPTS),
      threshold: minReleaseSuccessPercent,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: [
        `Too few attempts of the latest version of ${serviceName} succeeded in a minute. If the version was being released, the`,
        'release is rolled back. The log of the processor has a line with the code of each failure and retry.',
      ].join(' '),
    });
  }
}
