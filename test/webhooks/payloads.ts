/** What each sender really sends, by its own documentation; long texts that nothing reads are left out. */

export const sha = 'sha256:7d3848ba2f2e7f69bebb4b576e5fad0379b64a0b1512aee6ad0ec9e7c6319fed';

export const nativePush = { name: 'gcr.io/v2-namespace/hello-world', tag: '1.1.1' };

export const dockerHubPush = {
  push_data: { pushed_at: 1497467660, images: [], tag: '0.1.7', pusher: 'karolisr' },
  callback_url: 'https://registry.hub.docker.com/u/karolisr/keel/hook/22hagb51h1gfb4eefc5f1g4j3abi0beg4/',
  repository: {
    status: 'Active',
    description: '',
    is_trusted: false,
    full_description: '# Keel',
    repo_url: 'https://hub.docker.com/r/karolisr/keel',
    owner: 'karolisr',
    is_official: false,
    is_private: false,
    name: 'keel',
    namespace: 'karolisr',
    star_count: 0,
    comment_count: 0,
    date_created: 1497032538,
    dockerfile: 'FROM alpine',
    repo_name: 'karolisr/keel',
  },
};

export const quayPush = {
  name: 'repository',
  repository: 'mynamespace/repository',
  namespace: 'mynamespace',
  docker_url: 'quay.io/mynamespace/repository',
  homepage: 'https://quay.io/repository/mynamespace/repository',
  updated_tags: ['latest', '1.2.3'],
};

export const azurePush = {
  id: 'cb8c3971-9adc-488b-bdd8-43cbb4974ff5',
  timestamp: '2017-11-17T16:52:01.343145347Z',
  action: 'push',
  target: {
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    size: 524,
    digest: sha,
    length: 524,
    repository: 'hello-world',
    tag: 'v1',
  },
  request: {
    id: '3cbb6949-7549-4fa1-86cd-a6d5451dffc7',
    host: 'myregistry.azurecr.io',
    method: 'PUT',
    useragent: 'docker/17.09.0-ce go/go1.8.3',
  },
};

export const azureChartPush = {
  id: '6356e9e0-627f-4fed-xxxx-d9059b5143ac',
  timestamp: '2019-03-05T23:45:31.2614267Z',
  action: 'chart_push',
  target: {
    mediaType: 'application/vnd.acr.helm.chart',
    size: 25265,
    digest: sha,
    repository: 'repo',
    tag: 'wordpress-5.4.0.tgz',
    name: 'wordpress',
    version: '5.4.0.tgz',
  },
  request: { host: 'myregistry.azurecr.io' },
};

export const azureDelete = {
  id: 'afc359ce-df7f-4e32-bdde-1ff8aa80927b',
  timestamp: '2017-11-17T16:54:53.657764628Z',
  action: 'delete',
  target: {
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    digest: sha,
    repository: 'hello-world',
  },
  request: { id: '3d78b540-ab61-4f75-807f-7ca9ecf445b7', host: 'myregistry.azurecr.io', method: 'DELETE' },
};

/** GitHub's form since the container registry: event `package`. */
export const gitHubPackage = {
  action: 'published',
  package: {
    id: 779666,
    name: 'utaitebox-server',
    namespace: 'UtaiteBOX',
    description: '',
    ecosystem: 'CONTAINER',
    package_type: 'CONTAINER',
    html_url: 'https://github.com/utaitebox/packages/779666',
    package_version: {
      id: 1284299,
      name: sha,
      description: '',
      html_url: 'https://github.com/utaitebox/packages/779666?version=1284299',
      container_metadata: {
        tag: { name: '3.2.1', digest: sha },
        labels: { description: '', source: '', revision: '', image_url: '', licenses: '', all_labels: {} },
        manifest: { digest: sha, media_type: 'application/vnd.docker.distribution.manifest.v2+json', size: 735 },
      },
    },
  },
  organization: { login: 'UtaiteBOX', id: 65208347 },
  sender: { login: 'DingGGu', id: 2981443 },
};

export const gitHubRegistryPackage = {
  action: 'published',
  registry_package: {
    id: 35087,
    name: 'www-server',
    namespace: 'TheRyan',
    ecosystem: 'CONTAINER',
    package_type: 'CONTAINER',
    html_url: 'https://github.com/TheRyan/www/packages/35087',
    package_version: {
      id: 130771,
      version: sha,
      name: sha,
      container_metadata: { tag: { name: '0e2a89b', digest: sha }, labels: {}, manifest: {} },
      package_files: [],
      installation_command: 'docker pull ghcr.io/TheRyan/www-server:0e2a89b',
      package_url: 'ghcr.io/TheRyan/www-server:0e2a89b',
    },
    registry: { name: 'GitHub CONTAINER registry', type: 'CONTAINER', url: 'https://CONTAINER.pkg.github.com/TheRyan' },
  },
  repository: { id: 1060841726, name: 'www', full_name: 'TheRyan/www', private: false },
};

export const gitHubPush = {
  ref: 'refs/heads/main',
  before: '6113728f27ae82c7b1a177c8d03f9e96e0adf246',
  after: '0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c',
  repository: {
    id: 186853002,
    name: 'Hello-World',
    full_name: 'Codertocat/Hello-World',
    html_url: 'https://github.com/Codertocat/Hello-World',
    git_url: 'git://github.com/Codertocat/Hello-World.git',
    ssh_url: 'git@github.com:Codertocat/Hello-World.git',
    clone_url: 'https://github.com/Codertocat/Hello-World.git',
  },
  commits: [],
};

export const gitHubPing = {
  zen: 'Keep it logically awesome.',
  hook_id: 30,
  hook: { type: 'Repository', active: true },
};

export const harborPush = {
  type: 'PUSH_ARTIFACT',
  occur_at: 1586922308,
  operator: 'admin',
  event_data: {
    resources: [{ digest: sha, tag: 'latest', resource_url: 'hub.harbor.com/test-webhook/debian:latest' }],
    repository: {
      date_created: 1586922308,
      name: 'debian',
      namespace: 'test-webhook',
      repo_full_name: 'test-webhook/debian',
      repo_type: 'private',
    },
  },
};

/** Harbor 1, of which Keel's own test has one without tag and registry. */
export const harborOnePush = {
  type: 'pushImage',
  occur_at: 1582640688,
  operator: 'user',
  event_data: {
    resources: [
      { digest: sha, tag: '1.2.3', resource_url: 'quay.io/mynamespace/repository:1.2.3' },
      { digest: sha, tag: '1.2.3', resource_url: 'mynamespace/repository' },
    ],
    repository: { name: 'repository', namespace: 'mynamespace', repo_full_name: 'mynamespace/repository' },
  },
};

export const harborCloudEvent = {
  specversion: '1.0',
  id: '66e18103-09c1-41f6-982f-37df223f3eeb',
  requestid: '51c0b694-0168-4f3c-b0db-282565455d7b',
  source: '/projects/1/webhook/policies/15',
  type: 'harbor.artifact.pushed',
  datacontenttype: 'application/json',
  time: '2023-04-03T06:04:46Z',
  data: {
    resources: [{ digest: sha, tag: 'v1.0', resource_url: `harbor.dev/library/busybox:v1.0@${sha}` }],
    repository: { name: 'busybox', namespace: 'library', repo_full_name: 'library/busybox', repo_type: 'public' },
  },
};

export const jfrogPush = {
  domain: 'docker',
  event_type: 'pushed',
  data: {
    repo_key: 'docker-local',
    event_type: 'pushed',
    path: 'team/web/1.4.0/list.manifest.json',
    name: 'list.manifest.json',
    sha256: '35c4a2c15539c6c1e4e5fa4e554dac323ad0107d8eb5c582d6ff386b383b7dce',
    size: 1206,
    image_name: 'team/web',
    tag: '1.4.0',
    platforms: [{ architecture: 'amd64', os: 'linux' }],
  },
  subscription_key: 'test',
  jpd_origin: 'https://example.jfrog.io',
  source: 'jfrog/user@example.com',
};

function distributionEvent(action: string, target: Readonly<Record<string, unknown>>) {
  return {
    id: 'd83e8796-7ba5-46ad-b239-d88473e21b2b',
    timestamp: '2018-10-11T13:53:21.859222576Z',
    action,
    target: {
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      size: 2206,
      digest: sha,
      length: 2206,
      repository: 'shinebayar-g/a',
      ...target,
    },
    request: {
      id: '18690582-6d1a-4e08-8825-251a0adc58ce',
      addr: '46.101.177.27',
      host: 'registry.git.erxes.io',
      method: 'PUT',
      useragent: 'docker/18.06.1-ce go/go1.10.3',
    },
    actor: { name: 'shinebayar-g' },
    source: { addr: 'git.erxes.io:5000', instanceID: 'bde27723-d67e-4775-a9bd-55f771a2f895' },
  };
}

/** A push of a tag, and what stands around it in one envelope: a layer, a pull, a name that is none. */
export const distributionPush = {
  events: [
    distributionEvent('push', { mediaType: 'application/octet-stream' }),
    distributionEvent('push', { tag: '0.01' }),
    distributionEvent('pull', { tag: '0.01' }),
    distributionEvent('push', { tag: '0.01', repository: 'No/Name' }),
  ],
};

export const distributionPull = { events: [distributionEvent('pull', { tag: '0.01' })] };

export const gitLabPush = {
  object_kind: 'push',
  event_name: 'push',
  before: '95790bf891e76fee5e1747ab589903a6a1f80f22',
  after: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  ref: 'refs/heads/master',
  checkout_sha: 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7',
  user_name: 'John Smith',
  project_id: 15,
  project: {
    id: 15,
    name: 'Diaspora',
    web_url: 'http://example.com/mike/diaspora',
    git_ssh_url: 'git@example.com:mike/diaspora.git',
    git_http_url: 'http://example.com/mike/diaspora.git',
    namespace: 'Mike',
    path_with_namespace: 'mike/diaspora',
    default_branch: 'master',
  },
  commits: [],
  total_commits_count: 4,
};

export const gitLabIssue = { object_kind: 'issue', event_type: 'issue', project: gitLabPush.project };

export const bitbucketServerPush = {
  eventKey: 'repo:refs_changed',
  date: '2019-06-17T19:37:57+1000',
  actor: { name: 'john', id: 500 },
  repository: {
    slug: 'test-repo',
    id: 656,
    scmId: 'git',
    project: { key: 'MYPROJECT', id: 389 },
    links: {
      clone: [
        { href: 'ssh://git@bitbucketserver:7999/myproject/test-repo.git', name: 'ssh' },
        { href: 'https://bitbucketserver/scm/myproject/test-repo.git', name: 'http' },
      ],
      self: [{ href: 'https://bitbucketserver/projects/MYPROJECT/repos/test-repo/browse' }],
    },
  },
  changes: [{ ref: { id: 'refs/heads/master', type: 'BRANCH' }, refId: 'refs/heads/master', type: 'UPDATE' }],
};

export const bitbucketCloudPush = {
  push: { changes: [{ new: { type: 'branch', name: 'main' }, old: null, created: true }] },
  repository: {
    type: 'repository',
    full_name: 'team_name/repo_name',
    links: {
      self: { href: 'https://api.bitbucket.org/2.0/repositories/team_name/repo_name' },
      html: { href: 'https://bitbucket.org/team_name/repo_name' },
    },
    scm: 'git',
  },
};

const googleImage = 'us-west1-docker.pkg.dev/my-project/my-repo/hello-world';

export const googleInsert = { action: 'INSERT', digest: `${googleImage}@${sha}`, tag: `${googleImage}:1.1` };

export const googleUntagged = { action: 'INSERT', digest: `${googleImage}@${sha}` };

export const googleDelete = { action: 'DELETE', tag: `${googleImage}:1.1` };

/** As Pub/Sub pushes it when unwrapping is not asked for. */
export function pubSub(event: unknown) {
  return {
    message: {
      data: Buffer.from(JSON.stringify(event)).toString('base64'),
      messageId: '136969346945',
      publishTime: '2026-05-04T12:00:00.123Z',
      attributes: {},
    },
    subscription: 'projects/my-project/subscriptions/headgate',
  };
}

export const nexusComponent = {
  timestamp: '2016-11-14T19:32:13.515+0000',
  nodeId: '7FFA7361-6ED33978-36997BD4-47095CC4-331356BE',
  initiator: 'admin/127.0.0.1',
  repositoryName: 'docker-hosted',
  action: 'CREATED',
  component: {
    id: '08909bf0c86cf6c9600aade89e1c5e25',
    componentId: 'bnBtLXByb3h5OjA4OTA5YmYwYzg2Y2Y2Yzk2MDBhYWRlODllMWM1ZTI1',
    format: 'docker',
    name: 'team/web',
    group: null,
    version: '1.4.0',
  },
};

export const nexusAsset = {
  timestamp: '2016-11-10T23:57:49.664+0000',
  nodeId: '52905B51-085CCABB-CEBBEAAD-16795588-FC927D93',
  initiator: 'admin/127.0.0.1',
  repositoryName: 'docker-hosted',
  action: 'CREATED',
  asset: { id: '31c950c8eeeab78336308177ae9c441c', format: 'docker', name: 'v2/-/blobs/sha256:00' },
};

export const nexusNpm = { ...nexusComponent, component: { ...nexusComponent.component, format: 'npm' } };

export function cdEvent(type: string, subject: Readonly<Record<string, unknown>>) {
  return {
    context: {
      version: '0.4.1',
      id: '271069a8-fc18-44f1-b38f-9d70a1695819',
      source: '/event/source/123',
      type,
      timestamp: '2023-03-20T14:27:05.315384Z',
    },
    subject: { source: '/event/source/123', type: 'artifact', ...subject },
  };
}
