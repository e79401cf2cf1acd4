/** For the log and the outputs of the deployment, the recorded calls and the locks. */
export const E2E_FOLDER = '.local/e2e';
