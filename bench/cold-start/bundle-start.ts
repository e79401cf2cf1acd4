/** How long a bundle took to start. */
export interface BundleStart {
  readonly importMilliseconds: number;
  /** The import, and the first invocation: what is loaded or created late is there by then. */
  readonly readyMilliseconds: number;
  /** Processor time, of the user and of the system, from the import until it is ready. */
  readonly cpuMilliseconds: number;
}
