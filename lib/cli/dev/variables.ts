import { limitsVariable } from '../../core/config/limits-variable.ts';
import { recordMetadataVariable } from '../../core/config/record-metadata.ts';

/** The variables that `coatcheck dev` reads. */
export const DEV_VARIABLES = { limits: limitsVariable(), recordMetadata: recordMetadataVariable() };
