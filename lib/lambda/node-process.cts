/**
 * `node:process` for bundles. Imported as an ES module, it evaluates all of its exports, so that Node opens standard input,
 * output and error: several milliseconds of a start. A CommonJS module evaluates only what is used. The SDK imports it.
 */
module.exports = process;
