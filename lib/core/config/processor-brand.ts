/**
 * Marks the functions that `processor()` returns, so that a deployment can refuse any other function: it would
 * acknowledge every message and publish nothing. A registered symbol, the same in every copy of the package.
 */
export const PROCESSOR_BRAND = Symbol.for('coatcheck.processor');

/** Whether `processor()` was called in this process: what a bundle exports may wrap the function that it returned. */
export function makesProcessor(): boolean {
  return PROCESSOR_BRAND in globalThis;
}

/** Marks a function as a processor. */
export function branded<Processor extends object>(processor: Processor): Processor {
  Object.defineProperty(globalThis, PROCESSOR_BRAND, { value: true, configurable: true });
  return Object.defineProperty(processor, PROCESSOR_BRAND, { value: true });
}

/** Whether a value is what `processor()` returned. */
export function isProcessor(value: unknown): boolean {
  return typeof value === 'function' && PROCESSOR_BRAND in value;
}
