/** Compiles only if the types of `coatcheck/client` are those that openapi-typescript makes of the description. */
import type {
  ApiProblem,
  OutcomeProblem,
  RequestPage,
  RequestResource,
  ServiceStatus,
} from 'coatcheck/client';
import type { components } from './api.d.ts';

type Schemas = components['schemas'];

/** A type with every member writable, as the generated types are, so that two can be compared. */
type Plain<T> = T extends object ? { -readonly [Key in keyof T]: Plain<T[Key]> } : T;

/** Whether two types are the same, members that may be absent included. */
type Same<One, Other> =
  (<T>() => T extends Plain<One> ? 1 : 2) extends <T>() => T extends Plain<Other> ? 1 : 2 ? true : false;

/** Whether everything that the API may send of one type can be read as the other. */
type Readable<Sent, Read> = Plain<Sent> extends Plain<Read> ? true : false;

type WithoutProblem<T> = Omit<T, 'problem'>;

export const TRUE: [
  Same<WithoutProblem<RequestResource>, WithoutProblem<Schemas['Request']>>,
  Same<keyof RequestResource, keyof Schemas['Request']>,
  Same<
    WithoutProblem<RequestPage['requests'][number]>,
    WithoutProblem<Schemas['RequestPage']['requests'][number]>
  >,
  Same<Omit<RequestPage, 'requests'>, Omit<Schemas['RequestPage'], 'requests'>>,
  Same<ServiceStatus, Schemas['ServiceStatus']>,
  // The description leaves the facts of a problem open. The client names those of a request, and the status of an error.
  Readable<OutcomeProblem, Schemas['Problem']>,
  Readable<ApiProblem & { detail: string }, Schemas['Problem']>,
  Readable<Schemas['Problem'] & { status: number }, ApiProblem>,
] = [true, true, true, true, true, true, true, true];
