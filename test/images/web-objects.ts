/** The objects that run a web image so that a client of its Service sees no error while it is updated. */
import type { ObjectMeta } from '../../src/kube/objects.ts';
import { webPort } from './web-image.ts';

export interface WebDeploymentOptions {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
}

/** An object as the API server takes it. */
export type WebObject = Readonly<Record<string, unknown>> & { readonly metadata: ObjectMeta };

/**
 * A Deployment that loses no request: a new pod gets traffic only when `/ready` answers, no old pod goes before
 * (`maxUnavailable: 0`), and one that goes keeps serving (`preStop`) until every kube-proxy has taken it out.
 */
export function webDeployment({ name, namespace, image, replicas }: WebDeploymentOptions): WebObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas,
      revisionHistoryLimit: 5,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 15, containers: [webContainer(image)] },
      },
    },
  };
}

function webContainer(image: string): Readonly<Record<string, unknown>> {
  return {
    name: 'web',
    image,
    ports: [{ name: 'http', containerPort: webPort }],
    readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, failureThreshold: 2 },
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
    resources: { requests: { cpu: '5m', memory: '8Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

/** The Service before the pods of `webDeployment`, on port 80. */
export function webService({ name, namespace }: { readonly name: string; readonly namespace: string }): WebObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}
