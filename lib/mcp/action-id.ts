import * as z from 'zod';

/** The id of an action: no other text fits, in particular none of a request or an error. */
export const ActionId = z.uuid().describe('The id of an action.');
