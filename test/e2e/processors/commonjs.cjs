const { createHash } = require('node:crypto');
const { processor } = require('coatcheck');
const { besideMe } = require('./commonjs-package.cjs');

exports.handler = processor(async (request) => ({
  digest: createHash('sha256')
    .update(await request.bytes())
    .digest('hex'),
  found: besideMe,
}));
