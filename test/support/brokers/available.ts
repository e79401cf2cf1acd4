/**
 * Looks for a server's program, for `describe.runIf`. Prints a line where it can't be had, and the suite is skipped.
 * @param find installs or finds the program; rejects where it can't be had
 * @returns what `find` found
 * @throws in CI, or with COATCHECK_REQUIRE_BROKERS set, where every broker is tested
 */
export async function available<Program>(
  broker: string,
  find: () => Promise<Program>,
): Promise<Program | undefined> {
  try {
    return await find();
  } catch (cause) {
    const problem = `No server for the tests on ${broker}`;
    if (process.env.CI || process.env.COATCHECK_REQUIRE_BROKERS) {
      throw new Error(`${problem}, and here they must run`, { cause });
    }
    console.warn(`${problem}: THEY ARE SKIPPED. ${cause instanceof Error ? cause.message : cause}`);
    return undefined;
  }
}
