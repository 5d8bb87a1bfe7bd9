/**
 * What the API server, or the way to it, answers for reasons that are not the chart's; Helm hands the sentences on as they are:
 * refusals of authorization, quota and Pod Security (`apierrors.NewForbidden`), admission webhooks that deny or are away
 * (k8s.io/apiserver `webhook/errors`), an API server that is away, overloaded or restarting (client-go, `action.IsReachable` of Helm).
 */
const ofTheCluster: readonly RegExp[] = [
  / is forbidden: /,
  /admission webhook "[^"]*" denied the request/,
  /failed calling webhook/,
  /ValidatingAdmissionPolicy '[^']*' .*denied request/,
  /Kubernetes cluster unreachable/,
  /the server is currently unable to handle the request/,
  /the server has received too many requests/,
  /etcdserver: /,
  /dial tcp .*(?:connection refused|no route to host|i\/o timeout)/,
  /net\/http: TLS handshake timeout/,
  /(?:connection reset by peer|http2: client connection lost|unexpected EOF)$/,
];

/**
 * Whether a Helm operation failed for a reason that another cluster, other rights or a later hour would not have: then the version is not
 * condemned for it. As with objects that Headgate applies itself, only what the API server calls invalid is the chart's own fault.
 *
 * @param message Helm's error, or the description of the failed revision
 */
export function isRefusedByCluster(message: string): boolean {
  return ofTheCluster.some((pattern) => pattern.test(message));
}
