const { basename } = require('node:path');

/** Where it runs, as CommonJS packages find what lies beside them. */
module.exports = basename(__dirname);
