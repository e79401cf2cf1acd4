/**
 * Marks the functions that `processor()` returns, so that a deployment can refuse any other function: it would
 * acknowledge every message and publish nothing. A registered symbol, the same in every copy of the package.
 */
export const PROCESSOR_BRAND: unique symbol = Symbol.for('coatcheck.processor');

/** Whether `processor()` was called in this process: what a bundle exports may wrap the function that it returned. */
export function makesProcessor(): boolean {
  return PROCESSOR_BRAND in globalThis;
}

/** Marks a function as a processor. @param definition what it runs, for {@link definitionOf} */
export function branded<Processor extends object>(processor: Processor, definition: object): Processor {
  Object.defineProperty(globalThis, PROCESSOR_BRAND, { value: true, configurable: true });
  return Object.defineProperty(processor, PROCESSOR_BRAND, { value: definition });
}

/** What a processor runs. Undefined for anything that `processor()` didn't return. */
export function definitionOf(value: unknown): unknown {
  return isBranded(value) ? value[PROCESSOR_BRAND] : undefined;
}

/** Whether a value is what `processor()` returned. */
export function isProcessor(value: unknown): boolean {
  return isBranded(value);
}

function isBranded(value: unknown): value is { readonly [PROCESSOR_BRAND]: unknown } {
  return typeof value === 'function' && PROCESSOR_BRAND in value;
}
