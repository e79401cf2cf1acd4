/** The environment variables that tell a command about its outcome. */
export const OUTCOME_VARIABLES = {
  outcomeId: 'COATCHECK_OUTCOME_ID',
  requestId: 'COATCHECK_REQUEST_ID',
  status: 'COATCHECK_STATUS',
  contentType: 'COATCHECK_CONTENT_TYPE',
} as const;
