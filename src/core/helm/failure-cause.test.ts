/** Sentences as Helm 4 and the API server of Kubernetes 1.36 say them. */
import { describe, expect, test } from 'vitest';
import { isRefusedByCluster } from './failure-cause.ts';

const user = 'User "system:serviceaccount:shop:deployer"';

describe('isRefusedByCluster', () => {
  test.each<[string, string]>([
    [
      'a right is missing',
      `Upgrade "web" failed: failed to create resource: configmaps is forbidden: ${user} cannot create`,
    ],
    [
      'a quota is used up',
      'Upgrade "web" failed: configmaps "web" is forbidden: exceeded quota: few, requested: 1, used: 1, limited: 1',
    ],
    ['Pod Security', 'pods "probe" is forbidden: violates PodSecurity "restricted:latest": privileged'],
    ['a webhook denies', 'admission webhook "validate.kyverno.svc-fail" denied the request: no latest tags'],
    [
      'a webhook is away',
      'Internal error occurred: failed calling webhook "check.example.org": Post "https://check": EOF',
    ],
    [
      'a policy denies',
      "deployments.apps \"web\": ValidatingAdmissionPolicy 'few' with binding 'few' denied request: too many",
    ],
    ['the API server is away', 'Kubernetes cluster unreachable: Get "https://10.0.0.1/version": EOF'],
    ['connection refused', 'Get "https://10.0.0.1:6443/api": dial tcp 10.0.0.1:6443: connect: connection refused'],
    ['overloaded', 'the server has received too many requests and has asked us to try again later'],
    ['etcd changes its leader', 'rpc error: code = Unavailable desc = etcdserver: leader changed'],
    [
      'the connection ends',
      'Patch "https://10.0.0.1:6443/api/v1": read tcp 10.0.0.2:1->10.0.0.1:6443: read: connection reset by peer',
    ],
  ])('%s: not the fault of the chart', (_, message) => {
    expect(isRefusedByCluster(message)).toBe(true);
  });

  test.each<[string, string]>([
    ['an invalid object', 'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value'],
    ['an immutable field', 'cannot patch "web" with kind Service: spec.clusterIP: field is immutable'],
    ['a template that fails', 'execution error at (demo/templates/web.yaml:3:4): refused as asked'],
    ['a hook that fails', 'pre-upgrade hooks failed: job web-hook failed: BackoffLimitExceeded'],
    ['a hook that lasts', 'pre-upgrade hooks failed: timed out waiting for the condition'],
    [
      'a kind that is not there',
      'resource mapping not found for name: "web": no matches for kind "Gone" in version "x/v1"',
    ],
  ])('%s: the fault of the chart', (_, message) => {
    expect(isRefusedByCluster(message)).toBe(false);
  });
});
