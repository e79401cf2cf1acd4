/** Adds a few words on how far a step is, or how it ended. */
export type Note = (text: string) => void;

/** Does a piece of work that takes a while, and says so where someone is watching. */
export type Step = <T>(doing: string, work: (note: Note) => Promise<T>) => Promise<T>;

/** Does the work and says nothing. */
export const silently: Step = (_doing, work) => work(() => {});
