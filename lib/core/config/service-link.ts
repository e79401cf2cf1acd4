/**
 * What Kubernetes sets for a Service, beside variables with URLs: `NAME_SERVICE_HOST`, `NAME_PORT_80_TCP_ADDR` and so on.
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const SERVICE_LINK = /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_[A-Z]+)?$/;
const SERVICE_LINK_URL = /^(?:tcp|udp|sctp):\/\//;

/** Whether Kubernetes sets a variable for a Service, unless `enableServiceLinks` of the Pod is false. */
export function isServiceLink(name: string, value = ''): boolean {
  return SERVICE_LINK.test(name) || SERVICE_LINK_URL.test(value);
}

/** What to do about a variable of ours that Kubernetes set, as the end of a problem; empty for any other. */
export function serviceLinkRemedy(value = ''): string {
  if (!SERVICE_LINK_URL.test(value)) return '';
  return ', which Kubernetes sets for a Service of this name: set enableServiceLinks to false in the Pod, or rename the Service';
}
