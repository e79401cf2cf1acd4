import { decodedPart, invalidUrl, parametersOf } from '../broker-url.ts';

/** A subscription or a topic. */
export interface PubSubResource {
  readonly kind: 'subscription' | 'topic';
  readonly project: string;
  readonly name: string;
}

/** @see https://cloud.google.com/resource-manager/docs/creating-managing-projects */
const PROJECT = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/** @see https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names */
const NAME = /^(?!goog)[A-Za-z][\w.~+%-]{2,254}$/;

/** @throws ConfigurationError that names the wrong part */
export function parsePubSubUrl(url: URL, kind: PubSubResource['kind']): PubSubResource {
  parametersOf(url, []);
  const project = decodedPart(url, 'project', url.host);
  const name = decodedPart(url, kind, url.pathname.slice(1));
  if (url.username !== '' || url.password !== '') {
    throw invalidUrl(
      url,
      "has a login: credentials come from Google's default chain, for example GOOGLE_APPLICATION_CREDENTIALS",
    );
  }
  if (!PROJECT.test(project)) {
    throw invalidUrl(
      url,
      `has ${project ? `the project ${project}` : 'no project'}: write pubsub://PROJECT_ID/${kind.toUpperCase()}`,
    );
  }
  if (!NAME.test(name)) {
    throw invalidUrl(
      url,
      `${name ? `has the ${kind} ${name}` : `names no ${kind}`}: write pubsub://${project}/NAME. A name has 3 to 255 letters, digits and -_.~+%, begins with a letter, and not with goog`,
    );
  }
  return { kind, project, name };
}

/** The resource's name in calls of the API. */
export function pathOf({ kind, project, name }: PubSubResource): string {
  return `projects/${project}/${kind}s/${name}`;
}

/** A command of gcloud about the resource. */
export function gcloud({ kind, project, name }: PubSubResource, action: string, options = ''): string {
  return `gcloud pubsub ${kind}s ${action} ${name} --project=${project}${options && ` ${options}`}`;
}
