/**
 * The CDK app with the roles of GitHub Actions. An administrator deploys it once, since a role that deployed it could
 * change whom it trusts.
 */
import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { OidcProviderNative, PolicyStatement, Role, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { ENVIRONMENTS } from './environments.ts';

/**
 * How the subjects of the repository's tokens begin. Replace it with what GitHub says:
 * `gh api repos/OWNER/NAME/actions/oidc/customization/sub --jq .sub_claim_prefix`. Newer repositories have ids in it.
 */
const SUBJECT_PREFIX = 'repo:my-organization@1234567/my-service@987654321';

const ISSUER = 'token.actions.githubusercontent.com';

/** `cdk bootstrap` creates these roles. */
const CDK_ROLES = ['deploy', 'file-publishing'];

/** What GitHub Actions may do in the account of an environment. */
class GitHubRoles extends Stack {
  constructor(scope: Construct, environment: string, props: StackProps) {
    super(scope, `GitHubRoles-${environment}`, props);
    const provider = new OidcProviderNative(this, 'GitHub', {
      url: `https://${ISSUER}`,
      clientIds: ['sts.amazonaws.com'],
    });
    const trusted = (conditions: Readonly<Record<string, string>>) =>
      new WebIdentityPrincipal(provider.oidcProviderArn, {
        StringEquals: {
          [`${ISSUER}:aud`]: 'sts.amazonaws.com',
          ...Object.fromEntries(
            Object.entries(conditions).map(([key, value]) => [`${ISSUER}:${key}`, value]),
          ),
        },
      });

    const deploy = new Role(this, 'Deploy', {
      roleName: 'github-deploy',
      assumedBy: trusted({ sub: `${SUBJECT_PREFIX}:environment:${environment}`, ref: 'refs/heads/main' }),
    });
    deploy.addToPolicy(
      new PolicyStatement({
        actions: ['sts:AssumeRole'],
        resources: CDK_ROLES.map(
          (name) =>
            `arn:${this.partition}:iam::${this.account}:role/cdk-hnb659fds-${name}-role-${this.account}-${this.region}`,
        ),
      }),
    );

    // Runs on code that isn't reviewed: it reads templates and nothing else. CDK's lookup role could read the data, too.
    const diff = new Role(this, 'Diff', {
      roleName: 'github-diff',
      assumedBy: trusted({ sub: `${SUBJECT_PREFIX}:pull_request` }),
    });
    diff.addToPolicy(
      new PolicyStatement({
        actions: ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
        resources: [
          this.formatArn({
            service: 'cloudformation',
            resource: 'stack',
            resourceName: `${environment}-CsvProfile/*`,
          }),
        ],
      }),
    );
  }
}

const app = new App();
for (const [name, env] of Object.entries(ENVIRONMENTS)) new GitHubRoles(app, name, { env });
