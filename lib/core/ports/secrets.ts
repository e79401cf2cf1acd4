/** The values of secrets by name. */
export type SecretValues = Readonly<Record<string, string>>;

/** The secrets of a processor. */
export interface SecretSource {
  /**
   * Reads the current values.
   * @throws SecretUnavailable if one can't be read
   */
  read(): Promise<SecretValues>;
  /** Says that an attempt with these values failed: maybe they were replaced. The next call of {@link read} checks. */
  doubt(): void;
}
