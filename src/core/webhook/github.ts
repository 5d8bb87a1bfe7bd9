import { isOperationError } from '../errors.ts';
import {
  type AnnouncedImage,
  type Announcement,
  announcedImage,
  type Delivery,
  gitPush,
  imagesOnly,
  invalidWebhook,
} from './announcement.ts';
import { needText, textAt } from './fields.ts';

/** GitHub tells the event in a header, and so does Gitea, in the same. Packages are what Keel reads; the pushes are Flux's. */
export function readGitHub({ headers, body }: Delivery): Announcement | 'nothing' {
  switch (headers['x-github-event']) {
    case 'package':
    case 'package_v2':
      return imagesOnly([readPackage(body)]);
    case 'registry_package':
      return imagesOnly([readRegistryPackage(body)]);
    case 'push':
    case 'create':
    case 'release':
      return gitPush(urlsOf(body));
    case 'pull_request':
      // Merged, or closed without; what happens to one that stays open changes no branch.
      return textAt(body, 'action') === 'closed' ? gitPush(urlsOf(body)) : 'nothing';
    default:
      return 'nothing';
  }
}

function urlsOf(body: unknown): readonly (string | undefined)[] {
  return ['clone_url', 'ssh_url', 'html_url'].map((field) => textAt(body, 'repository', field));
}

function readPackage(body: unknown): AnnouncedImage {
  if (textAt(body, 'package', 'ecosystem')?.toUpperCase() !== 'CONTAINER') {
    throw invalidWebhook('registry package type was not container');
  }
  const name = needText(textAt(body, 'package', 'name'), 'repository name cannot be empty');
  const owner = needText(textAt(body, 'package', 'namespace'), 'repository namespace cannot be empty');
  const pushed = (field: string) => textAt(body, 'package', 'package_version', 'container_metadata', 'tag', field);
  const tag = needText(pushed('name'), 'repository tag cannot be empty');
  return ghcrImage(`ghcr.io/${owner}/${name}`, { tag, digest: pushed('digest') });
}

/**
 * Keel takes the name of the git repository for that of the image. GitHub also says the real one, `package_url`; it goes
 * first.
 */
function readRegistryPackage(body: unknown): AnnouncedImage {
  if (textAt(body, 'registry_package', 'package_type')?.toUpperCase() !== 'CONTAINER') {
    throw invalidWebhook('registry package type was not CONTAINER');
  }
  const fullName = needText(textAt(body, 'repository', 'full_name'), 'repository full name cannot be empty');
  needText(textAt(body, 'registry_package', 'name'), 'repository package name cannot be empty');
  const version = (...path: readonly string[]) => textAt(body, 'registry_package', 'package_version', ...path);
  const tag = version('container_metadata', 'tag', 'name') ?? version('version');
  const pushed = {
    tag: needText(tag, 'repository tag cannot be empty'),
    digest: version('container_metadata', 'tag', 'digest'),
  };
  return packageUrlImage(version('package_url'), pushed) ?? ghcrImage(`ghcr.io/${fullName}`, pushed);
}

/** `ghcr.io/org/app:1.2`; for an image without a tag it ends with the colon. */
function packageUrlImage(url: string | undefined, pushed: Pushed): AnnouncedImage | undefined {
  try {
    return url?.includes('/') ? ghcrImage(url, pushed) : undefined;
  } catch (error) {
    if (isOperationError(error, 'REFERENCE_INVALID')) {
      return undefined;
    }
    throw error;
  }
}

interface Pushed {
  readonly tag: string;
  readonly digest: string | undefined;
}

/** Owners have capital letters on GitHub and none in its registry; tags may have some, and those beside the name count. */
function ghcrImage(name: string, pushed: Pushed): AnnouncedImage {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return announcedImage((colon < 0 ? name : name.slice(0, colon)).toLowerCase(), pushed);
}
