/** Values of the HTTP API and the web UI. */
import Type from 'typebox';
import { gatewayRoute } from './chart-cluster-values.ts';
import { closed, port, textMap } from './chart-value-parts.ts';

const secretKey = (description: string) =>
  Type.Object(
    {
      name: Type.String({ description: 'Name of a Secret in the namespace of the release; none when empty.' }),
      key: Type.String({ description: 'Its key.', minLength: 1 }),
    },
    { description, ...closed },
  );

const oidc = Type.Object(
  {
    issuerUrl: Type.String({ description: 'Identity provider (OpenID Connect); none when empty.' }),
    clientId: Type.String({ description: 'What the provider knows Headgate as.' }),
    clientSecret: secretKey('The secret of the client; a public client without.'),
    scopes: Type.Array(Type.String(), { description: 'To ask for besides openid.' }),
    usernameClaim: Type.String({ description: 'Claim with the name.', minLength: 1 }),
    usernamePrefix: Type.String({ description: 'Before the name, - for nothing; the issuer and # when empty.' }),
    groupsClaim: Type.String({ description: 'Claim with the groups.', minLength: 1 }),
    groupsPrefix: Type.String({ description: 'Before each group.' }),
  },
  { description: 'An identity provider by which people sign in.', ...closed },
);

const authProxy = Type.Object(
  {
    from: Type.Array(Type.String(), { description: 'Addresses and ranges whose headers are believed.' }),
    userHeader: Type.String({ description: 'Header with the name.', minLength: 1 }),
    groupHeader: Type.String({ description: 'Header with the groups.', minLength: 1 }),
  },
  { description: 'A proxy in front that signs people in.', ...closed },
);

export const api = Type.Object(
  {
    enabled: Type.Boolean({ description: 'Serve the HTTP API and the web UI.' }),
    port: Type.Integer({ description: 'Their port.', ...port }),
    prefix: Type.String({ description: 'Path below which everything is.', pattern: '^(/[A-Za-z0-9_.~-]+)*$' }),
    anonymousRead: Type.Boolean({ description: 'Let whoever reaches it read everything without signing in.' }),
    externalUrl: Type.String({ description: 'How browsers reach it, with the prefix; needed for oidc.' }),
    trustedProxies: Type.Array(Type.String(), { description: 'Ranges of proxies whose X-Forwarded-For is believed.' }),
    sessionSecret: secretKey('At least 32 bytes that seal the sessions of browsers.'),
    oidc,
    authProxy,
    service: Type.Object(
      {
        type: Type.Enum(['ClusterIP', 'NodePort', 'LoadBalancer'], { description: 'Type of the Service of the API.' }),
        annotations: textMap('Annotations of that Service.'),
      },
      { description: 'The Service of the API.', ...closed },
    ),
    ingress: Type.Object(
      {
        enabled: Type.Boolean({ description: 'Make an Ingress to that Service.' }),
        className: Type.String({ description: 'Ingress class; the default one when empty.' }),
        host: Type.String({ description: 'Host name; any when empty.' }),
        tlsSecret: Type.String({ description: 'Secret with the certificate; no TLS when empty.' }),
        annotations: textMap('Annotations of the Ingress.'),
      },
      { description: 'An Ingress for the API and the web UI.', ...closed },
    ),
    gateway: gatewayRoute('the API and the web UI'),
  },
  { description: 'The HTTP API and the web UI.', ...closed },
);
