import { App, Duration, Stack } from 'aws-cdk-lib';
import { AsyncService } from 'coatcheck/cdk';

const app = new App({ outdir: process.argv[3] });
new AsyncService(new Stack(app, 'Consumer'), 'Service', {
  entry: process.argv[2] ?? '',
  function: {
    timeout: Duration.seconds(30),
    bundling: {
      commandHooks: { beforeBundling: () => [], beforeInstall: () => [], afterBundling: () => [] },
    },
  },
  api: {},
  webhooks: {},
});
app.synth();
