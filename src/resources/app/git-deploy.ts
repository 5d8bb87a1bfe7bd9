/** `spec.deploy.git` of an App, and what its Updates record: wire forms. */
import Type, { type Static } from 'typebox';
import { forgeKinds } from '../../core/git/forge-location.ts';
import { Duration, SecretReference, Text } from '../schema-parts.ts';
import { ObjectFieldSchema } from './patch-deploy.ts';
import { TargetSchema } from './target.ts';

const WriterSchema = Type.Object(
  {
    source: Type.String({ description: 'Name of the source whose version is written.', minLength: 1, maxLength: 63 }),
    marker: Type.Optional(
      Type.String({
        description: 'NAMESPACE:POLICY: the markers of Flux that name it.',
        minLength: 3,
        maxLength: 317,
        pattern: '^[a-z0-9][a-z0-9-]*:[a-z0-9][a-z0-9.-]*$',
      }),
    ),
    kustomization: Type.Optional(
      Type.Object({}, { description: 'images: of kustomizations whose repository is that of the source.' }),
    ),
    chart: Type.Optional(
      Type.Object(
        {
          name: Type.String({ description: 'Name of the chart, without a repository.', minLength: 1, maxLength: 250 }),
        },
        {
          description:
            'The version beside the name of a chart: HelmRelease, Chart.yaml, helmfile, Application and others.',
        },
      ),
    ),
    value: Type.Optional(
      Type.Object(
        {
          file: Type.String({ description: 'File below spec.deploy.git.path.', minLength: 1, maxLength: 512 }),
          path: Type.String({
            description: 'Where the value stands in it: web.image.tag, list[0].x.',
            minLength: 1,
            maxLength: 1024,
          }),
          value: Type.Optional(
            Type.Enum(['Tag', 'Digest', 'Reference'], { description: 'What of the version it holds.', default: 'Tag' }),
          ),
          template: Type.Optional(
            Type.String({
              description: 'In place of value: a text with {tag}, {digest} and {repository} in it.',
              minLength: 1,
              maxLength: 512,
            }),
          ),
        },
        { description: 'One value by its place.' },
      ),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: '[has(self.marker), has(self.kustomization), has(self.chart), has(self.value)].filter(x, x).size() == 1',
        message: 'exactly one of marker, kustomization, chart and value must be set',
      },
    ],
  },
);

const CommitSchema = Type.Object(
  {
    message: Type.Optional(
      Type.String({
        description: 'Template of the message, with {app}, {namespace}, {update}, {versions} and {changes}.',
        minLength: 1,
        maxLength: 2048,
      }),
    ),
    author: Type.Optional(
      Type.Object(
        {
          name: Type.String({ description: 'Name.', minLength: 1, maxLength: 128, pattern: '^[^<>\\n]+$' }),
          email: Type.String({ description: 'Mail address.', minLength: 3, maxLength: 256, pattern: '^[^<>\\s]+$' }),
        },
        { description: 'Who commits; Headgate <headgate@localhost> when absent.' },
      ),
    ),
    signingKeySecretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret with a key to sign with: git.asc (gpg) or identity (ssh), and passphrase.',
    }),
  },
  { description: 'What the commits look like.' },
);

const PullRequestSchema = Type.Object(
  {
    provider: Type.Enum([...forgeKinds], { description: 'Kind of the forge; Gitea is Forgejo too.' }),
    apiUrl: Type.Optional(
      Type.String({
        description: 'Where its REST API is; found out from the repository when absent.',
        maxLength: 512,
        pattern: '^https?://[^\\s?#]+$',
      }),
    ),
    secretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret with a token of the forge; spec.deploy.git.secretRef when absent.',
    }),
  },
  { description: 'Pushes to a branch of its own and opens a pull request (merge request), which somebody merges.' },
);

export const GitDeploySchema = Type.Object(
  {
    repository: Type.String({
      description: 'https://host/org/repo, ssh://git@host/org/repo or git@host:org/repo.',
      minLength: 1,
      maxLength: 2048,
    }),
    branch: Type.Optional(
      Type.String({
        description: 'Branch that is applied to the cluster.',
        default: 'main',
        minLength: 1,
        maxLength: 255,
      }),
    ),
    path: Type.Optional(
      Type.String({ description: 'Folder that is written in; the whole repository when absent.', maxLength: 512 }),
    ),
    secretRef: Type.Optional({
      ...SecretReference,
      description: 'Secret with username and password, bearerToken, or identity and known_hosts; ca.crt besides.',
    }),
    writers: Type.Array(WriterSchema, { description: 'Where the versions are written.', minItems: 1, maxItems: 32 }),
    imageReference: Type.Optional(
      Type.Enum(['Digest', 'Tag'], {
        description: 'Whether markers and kustomizations get the digest too.',
        default: 'Digest',
      }),
    ),
    commit: Type.Optional(CommitSchema),
    pullRequest: Type.Optional(PullRequestSchema),
    watch: Type.Object(
      {
        workloads: Type.Optional(
          Type.Array(TargetSchema, { description: 'Workloads whose images must become the new ones.', maxItems: 32 }),
        ),
        objects: Type.Optional(
          Type.Array(ObjectFieldSchema, {
            description: 'Fields of objects that must show the new version.',
            maxItems: 32,
          }),
        ),
        timeout: Type.Optional(
          Duration('How long the cluster may take to show it after the push or the merge.', '30m'),
        ),
      },
      {
        description: 'What in the cluster shows which version runs; at least one workload or object.',
        'x-kubernetes-validations': [
          {
            rule: '(has(self.workloads) && size(self.workloads) > 0) || (has(self.objects) && size(self.objects) > 0)',
            message: 'name at least one workload or object',
          },
        ],
      },
    ),
  },
  { description: 'Writes versions into a git repository; Flux, Argo CD, kube-applier or another does the rest.' },
);

export type GitWire = Static<typeof GitDeploySchema>;

const PushedSchema = Type.Object({
  commit: Type.Optional(Text('The commit; absent where there was nothing to change.', 64)),
});
const RequestSchema = Type.Object({
  number: Type.Integer({ description: 'Its number.' }),
  url: Text('For people.', 2048),
});

/** What an Update records of what it writes into git. */
export const GitPlanSchema = Type.Object(
  {
    repository: Text('URL of the repository.', 2048),
    branch: Text('Branch that is applied to the cluster.', 255),
    path: Text('Folder that is written in.', 512),
    secret: Type.Optional(Text('Secret with credentials for git.', 253)),
    forge: Type.Optional(
      Type.Object(
        {
          kind: Type.Enum([...forgeKinds], { description: 'Kind of the forge.' }),
          apiUrl: Text('Where its REST API is.', 2048),
          project: Text('The repository there.', 1024),
          secret: Type.Optional(Text('Secret with a token.', 253)),
        },
        { description: 'Only with pull requests.' },
      ),
    ),
    writes: Type.Array(
      Type.Object({
        kind: Type.Enum(['Marker', 'Kustomization', 'Chart', 'Value'], { description: 'Sort of place.' }),
        place: Type.Optional(Text('Policy of a marker, or path of a value.', 1024)),
        file: Type.Optional(Text('File of a value.', 512)),
        name: Type.Optional(Text('Repository of the image, or name of the chart.', 512)),
        tag: Type.Optional(Text('Tag, or version of the chart.', 256)),
        digest: Type.Optional(Text('Digest.', 256)),
        value: Type.Optional(Text('Value.', 2048)),
      }),
      { description: 'What is written.', maxItems: 640 },
    ),
    supersededCommits: Type.Array(Text('Commit.', 64), {
      description: 'Of Updates that this one took over from; going back takes them back too.',
      maxItems: 100,
    }),
    since: Type.Optional(Text('Where the branch stood before anything was pushed.', 64)),
    pushed: Type.Optional({ ...PushedSchema, description: 'What was pushed.' }),
    pullRequest: Type.Optional({ ...RequestSchema, description: 'The pull request.' }),
    onBranchAt: Type.Optional(Text('When the branch had it.', 64)),
    reverted: Type.Optional({ ...PushedSchema, description: 'What took it back.' }),
    revertPullRequest: Type.Optional({ ...RequestSchema, description: 'The pull request that takes it back.' }),
  },
  { description: 'Of deploy git: what is written, and how far it has come.' },
);
