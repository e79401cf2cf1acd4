import { App, Duration, Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ApiAuth, AsyncService, OutcomeSubscription, Tracing } from 'coatcheck/cdk';

const app = new App({ outdir: process.argv[3] });
const stack = new Stack(app, 'Everything');
const topic = new Topic(stack, 'Topic', { enforceSSL: true, masterKey: new Key(stack, 'Key') });
const service = new AsyncService(stack, 'Service', {
  entry: process.argv[2] ?? '',
  api: {
    auth: ApiAuth.jwt({ issuer: 'https://issuer.example.com', audience: 'a', tenantClaim: 'tenant' }),
    corsOrigins: ['https://app.example.com'],
  },
  output: { fanOut: true },
  webhooks: { defaultUrl: 'https://example.com/hook' },
  circuitBreaker: { pause: Duration.seconds(60), failureRate: 50 },
  payloads: {
    sources: [{ bucket: Bucket.fromBucketName(stack, 'Source', 'elsewhere'), prefix: 'in/' }],
  },
  observability: { alarmTopic: topic, failureEvents: { topic }, dashboard: true, tracing: Tracing.xray() },
});
service.grantSubmit(service.processor);
service.grantConsume(service.processor);
new OutcomeSubscription(stack, 'Failures', {
  service,
  topics: ['images.*'],
  statuses: ['failed'],
  alarmTopic: topic,
});
app.synth();
