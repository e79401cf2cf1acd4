/** Adds a few words on the progress or the result of a step. */
export type Note = (text: string) => void;

/** Runs work that takes a while, and shows its progress. */
export type Step = <T>(doing: string, work: (note: Note) => Promise<T>) => Promise<T>;

/** Runs the work without output. */
export const silently: Step = (_doing, work) => work(() => {});
