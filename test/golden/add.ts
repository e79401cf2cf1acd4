/** Adds golden files of what is written now, where it isn't what the newest ones have. */
import { addGoldenFiles } from './files.ts';

await addGoldenFiles();
