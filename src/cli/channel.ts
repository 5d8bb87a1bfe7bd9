import type { StoresOnce } from '../app/channels/stores-once.ts';
import type { IndexEntry } from '../core/channel/channel-index.ts';
import {
  type ArgumentDefinition,
  type Command,
  type Invocation,
  type OptionDefinition,
  usageError,
} from './command.ts';

const storeOption: OptionDefinition = {
  flags: '--store <place>',
  description: 'where the channel is: a folder, or an address (s3://, oci://, git+https://, git+ssh://)',
};
const keysOption: OptionDefinition = {
  flags: '--keys <path>',
  description:
    'folder with the keys: root-1.pem, targets.pem, snapshot.pem, timestamp.pem, or .pub files with --sign-command',
};

const actionArguments: readonly ArgumentDefinition[] = [
  {
    syntax: '<action>',
    description: 'init, keys, rotate, sign, publish-root, publish, withdraw, verify, gc, mirror, export or import',
  },
  {
    syntax: '[what]',
    description:
      'the Release to withdraw, mirror or export, the root to sign or to publish, the address to verify, the file to import',
  },
];

export const channelCommand: Command = {
  name: 'channel',
  summary: 'Make, sign, publish, verify and carry channels; needs no cluster.',
  arguments: actionArguments,
  options: [
    storeOption,
    {
      flags: '--login <path>',
      description: 'folder with files named as the entries of the Secret would be, for example accessKeyId',
    },
    { flags: '--ca <path>', description: 'certificates (PEM) to trust for the store' },
    keysOption,
    { flags: '--new-keys <path>', description: 'rotate: folder with the keys that come' },
    { flags: '--key <path>', description: 'sign: the key of one person' },
    {
      flags: '--sign-command <program>',
      description:
        'signs in place of private keys: gets the bytes on standard input, HEADGATE_KEY names the .pub file, prints the signature in base64',
    },
    { flags: '--root-keys <number>', description: 'init: how many keys of the root are made', default: '2' },
    { flags: '--root-threshold <number>', description: 'init: how many of them have to sign a root', default: '2' },
    { flags: '--lifetime <days>', description: 'init, rotate: how long the root is valid', default: '365' },
    { flags: '--out <path>', description: 'rotate, export: where the file goes' },
    { flags: '--name <name>', description: 'publish, withdraw: name of the channel', default: 'stable' },
    {
      flags: '--release <file>',
      description: 'publish: a Release as JSON (kubectl get release NAME -o json); may be given several times',
      repeatable: true,
    },
    { flags: '--without-images', description: 'export: leave the images in their registries' },
    {
      flags: '--images <address>',
      description:
        'import, mirror: registry that the images are put into, below their paths: oci://host/prefix, ?insecure=true for plain http',
    },
    { flags: '--reason <text>', description: 'withdraw: why, for people' },
    { flags: '--root <path>', description: 'verify, import: the root.json that is trusted' },
    {
      flags: '--partial',
      description: 'verify: Releases that are not there are told and are no error, as after an import of one of them',
    },
    { flags: '--keep <number>', description: 'gc: how many snapshots stay readable', default: '10' },
    {
      flags: '--allow-outbound <address>',
      description:
        'address, range or host that may be asked although it is loopback or the like; may be given several times',
      repeatable: true,
    },
  ],
  async run(invocation) {
    const [action = ''] = invocation.arguments;
    const run = actions[action];
    if (run === undefined) {
      throw usageError(`channel: "${action}" is no action; there are ${Object.keys(actions).join(', ')}`);
    }
    for (const line of await run(invocation)) {
      invocation.print(line);
    }
    return 0;
  },
};

type Action = (invocation: Invocation) => Promise<readonly string[]>;

const actions: Readonly<Record<string, Action>> = {
  async init(invocation) {
    const { initChannel } = await import('../app/channels/channel-ceremony.ts');
    return await withStore(invocation, (store) =>
      initChannel(
        {
          store,
          keys: keysOf(invocation),
          rootKeys: count(invocation, 'rootKeys'),
          rootThreshold: count(invocation, 'rootThreshold'),
          lifetimeDays: count(invocation, 'lifetime'),
        },
        invocation.signal,
      ),
    );
  },
  async keys(invocation) {
    const { listKeys } = await import('../app/channels/channel-ceremony.ts');
    return await withStore(invocation, (store) => listKeys(store, invocation.signal));
  },
  async rotate(invocation) {
    const { rotateRoot } = await import('../app/channels/channel-ceremony.ts');
    const { options, signal } = invocation;
    const path = options.text('newKeys');
    const request = {
      keys: keysOf(invocation),
      newKeys: path === undefined ? undefined : { path, signCommand: options.text('signCommand') },
      lifetimeDays: count(invocation, 'lifetime'),
      out: options.text('out'),
    };
    return await withStore(invocation, async (store) => [await rotateRoot({ store, ...request }, signal)]);
  },
  async sign(invocation) {
    const { signRootFile } = await import('../app/channels/channel-ceremony.ts');
    return [await signRootFile(what(invocation, 'the root to sign'), need(invocation, 'key'), invocation.signal)];
  },
  async 'publish-root'(invocation) {
    const { publishRootFile } = await import('../app/channels/channel-ceremony.ts');
    const file = what(invocation, 'the root to publish');
    return await withStore(invocation, async (store) => [await publishRootFile(store, file, invocation.signal)]);
  },
  async publish(invocation) {
    const { publishReleases } = await import('../app/channels/channel-releases.ts');
    const files = invocation.options.list('release');
    const channel = { keys: keysOf(invocation), name: invocation.options.given('name') };
    return await withStore(invocation, async (store) =>
      sayPublication(await publishReleases({ ...channel, store, files }, invocation.signal)),
    );
  },
  async withdraw(invocation) {
    const { withdrawRelease } = await import('../app/channels/channel-releases.ts');
    const request = {
      keys: keysOf(invocation),
      name: invocation.options.given('name'),
      release: what(invocation, 'the Release to withdraw'),
      reason: need(invocation, 'reason'),
    };
    return await withStore(invocation, async (store) =>
      sayPublication(await withdrawRelease({ ...request, store }, invocation.signal)),
    );
  },
  async verify(invocation) {
    const { verifyChannel } = await import('../app/channels/channel-transport.ts');
    const request = {
      place: what(invocation, 'the address or the folder to verify'),
      rootFile: need(invocation, 'root'),
      partial: invocation.options.flag('partial'),
    };
    return await withStores(invocation, async (stores) => {
      const found = await verifyChannel({ ...request, stores }, invocation.signal);
      const releases = found.releases.map((one) => sayRelease(one, found.missing));
      const head = `channel ${found.channel}, root ${found.root}, expires ${found.expires.toISOString()}: ${found.files} files are what was signed`;
      return [head, ...releases];
    });
  },
  async gc(invocation) {
    const { collectStore } = await import('../app/channels/channel-releases.ts');
    const removed = await withStore(invocation, (store) =>
      collectStore(store, count(invocation, 'keep'), invocation.signal),
    );
    return removed.map((path) => `removed ${path}`);
  },
  async export(invocation) {
    const { exportRelease } = await import('../app/channels/release-archive.ts');
    const out = need(invocation, 'out');
    const release = what(invocation, 'the Release to export');
    const withImages = !invocation.options.flag('withoutImages');
    const { sizeBytes, images, attached } = await withStore(invocation, (store, { registry }) =>
      exportRelease({ store, release, out, withImages, registry }, invocation.signal),
    );
    return [`wrote ${sizeBytes} bytes to ${out}, with ${images} images and ${attached} signatures or attestations`];
  },
  async mirror(invocation) {
    const { mirrorRelease } = await import('../app/channels/release-archive.ts');
    const request = { release: what(invocation, 'the Release to mirror'), images: need(invocation, 'images') };
    const written = await withStore(invocation, (store, { registry }) =>
      mirrorRelease({ ...request, store, registry }, invocation.signal),
    );
    return written.map((name) => `copied ${name}`);
  },
  async import(invocation) {
    const { importRelease } = await import('../app/channels/release-archive.ts');
    const request = {
      file: what(invocation, 'the file to import'),
      rootFile: need(invocation, 'root'),
      images: invocation.options.text('images'),
    };
    const { releases, images, newer } = await withStore(invocation, (store, stores) =>
      importRelease({ ...request, store, stores }, invocation.signal),
    );
    const stays =
      newer === undefined ? [] : [`the channel there is newer (timestamp ${newer}) and stays the one that is read`];
    return [...[...releases, ...images].map((name) => `imported ${name}`), ...stays];
  },
};

function sayRelease(
  { name, sequence, publishedAt, barrier, withdrawn }: IndexEntry,
  missing: readonly string[],
): string {
  const more = [
    ...(barrier ? ['barrier'] : []),
    ...(withdrawn ? [`withdrawn: ${withdrawn.reason}`] : []),
    ...(missing.includes(name) ? ['not here'] : []),
  ];
  return [`${name} (${sequence}), published ${publishedAt.toISOString()}`, ...more].join(', ');
}

async function withStores<T>({ options }: Invocation, act: (stores: StoresOnce) => Promise<T>): Promise<T> {
  const { openStoresOnce } = await import('../app/channels/stores-once.ts');
  const stores = await openStoresOnce({
    allowOutbound: options.list('allowOutbound'),
    loginFolder: options.text('login'),
    caFile: options.text('ca'),
  });
  try {
    return await act(stores);
  } finally {
    await stores.close();
  }
}

async function withStore<T>(
  invocation: Invocation,
  act: (store: ReturnType<StoresOnce['open']>, stores: StoresOnce) => Promise<T>,
): Promise<T> {
  const place = need(invocation, 'store');
  return await withStores(invocation, (stores) => act(stores.open(place), stores));
}

function sayPublication({
  changed,
  snapshot,
  expires,
}: {
  readonly changed: boolean;
  readonly snapshot: number;
  readonly expires: Date;
}) {
  const until = `valid until ${expires.toISOString()}`;
  return [changed ? `published snapshot ${snapshot}, ${until}` : `nothing is new; snapshot ${snapshot} is ${until}`];
}

function need({ options, arguments: [action] }: Invocation, name: string): string {
  const value = options.text(name);
  if (value === undefined) {
    throw usageError(
      `channel ${action}: --${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is missing`,
    );
  }
  return value;
}

function what({ arguments: [action, argument] }: Invocation, description: string): string {
  if (argument === undefined) {
    throw usageError(`channel ${action}: name ${description}`);
  }
  return argument;
}

function keysOf(invocation: Invocation) {
  return { path: need(invocation, 'keys'), signCommand: invocation.options.text('signCommand') };
}

function count(invocation: Invocation, name: string): number {
  const text = need(invocation, name);
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw usageError(`channel: --${name} "${text}" is no number of 1 to 9999`);
  }
  return Number(text);
}
