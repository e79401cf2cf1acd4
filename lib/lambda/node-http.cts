/**
 * `node:http` for bundles. Imported as an ES module, it evaluates all of its exports, and the one named WebSocket loads all
 * of undici, about 15 ms. A CommonJS module evaluates only what is used. The SDK imports it for endpoints without TLS.
 */
module.exports = process.getBuiltinModule('node:http');
