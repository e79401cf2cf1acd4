/** How a console retries calls of the API: an operator looks at a page again sooner than a program gives up. */
export const CONSOLE_RETRY = { attempts: 2, totalMilliseconds: 3_000 } as const;
