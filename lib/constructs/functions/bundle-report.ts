/** What a bundle turned out to be when it was imported; `exported` is the type of its handler, if it has one. */
export type BundleReport =
  | { readonly imported: true; readonly isProcessor: boolean; readonly exported: string | undefined }
  | { readonly imported: false; readonly error: string };

/** The file descriptor that a report is written to: standard output belongs to what the bundle prints. */
export const REPORT_DESCRIPTOR = 3;
