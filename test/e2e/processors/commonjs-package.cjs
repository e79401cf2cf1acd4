const { existsSync } = require('node:fs');
const { join } = require('node:path');

// As many packages look for their files when they are loaded.
exports.besideMe = existsSync(join(__dirname, 'index.mjs')) && existsSync(__filename);
