import * as z from 'zod';
import { refuseProto } from '../core/model/metadata-name.ts';

/** Values by names of metadata. */
export const MetadataValues = z.preprocess(refuseProto, z.record(z.string(), z.string()));

/** Metadata that requests must have. An agent gives the values that it knows, and is shown none. */
export const KnownMetadata = MetadataValues.describe(
  'Metadata that they have, of the keys in the setting recordMetadata. No tool shows values.',
);
