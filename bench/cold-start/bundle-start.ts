/** How long a bundle took to start. */
export interface BundleStart {
  readonly importMilliseconds: number;
  /** The import, and the first invocation with an empty batch: clients that are made late are made by then. */
  readonly readyMilliseconds: number;
}
