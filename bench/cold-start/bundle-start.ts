/** How long a bundle took to start. */
export interface BundleStart {
  readonly importMilliseconds: number;
  /** The import, and the first invocation with an empty batch: clients that are made late are made by then. */
  readonly readyMilliseconds: number;
  /** Processor time, of the user and of the system, from the import until it is ready. */
  readonly cpuMilliseconds: number;
}
