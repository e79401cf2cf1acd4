/**
 * The result of importing a bundle. `exported` is the type of its handler, or undefined if it has none. `secrets` are the
 * names of the processor's secrets, or undefined if the handler wraps the processor.
 */
export type BundleReport =
  | {
      readonly imported: true;
      readonly isProcessor: boolean;
      readonly exported: string | undefined;
      readonly secrets?: readonly string[];
    }
  | { readonly imported: false; readonly error: string };

/** The file descriptor for the report. Standard output is left to the bundle. */
export const REPORT_DESCRIPTOR = 3;
