/**
 * Marks the functions that `processor()` returns, so that a deployment can refuse any other function: it would
 * acknowledge every message and publish nothing. A registered symbol, the same in every copy of the package.
 */
export const PROCESSOR_BRAND = Symbol.for('coatcheck.processor');
