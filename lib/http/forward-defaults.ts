/** How long the first calls wait until a service is up. A model may take a minute to load. */
export const DEFAULT_START_SECONDS = 60;
