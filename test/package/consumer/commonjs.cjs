const { processor } = require('coatcheck');
const folder = require('./legacy.cjs');

exports.handler = processor(() => ({ folder }));
