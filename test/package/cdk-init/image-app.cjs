const { App, Stack } = require('aws-cdk-lib');
const { AsyncService } = require('coatcheck/cdk');

const app = new App({ outdir: process.argv[2] });
new AsyncService(new Stack(app, 'Image'), 'Service', {
  entry: 'image.cjs',
  function: { bundling: { nodeModules: ['sharp'] } },
  circuitBreaker: { pauseEventSource: false },
});
app.synth();
