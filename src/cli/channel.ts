import {
  type ArgumentDefinition,
  type Command,
  type Invocation,
  type OptionDefinition,
  usageError,
} from './command.ts';

const folderOption: OptionDefinition = { flags: '--folder <path>', description: 'folder of the channel' };
const keysOption: OptionDefinition = {
  flags: '--keys <path>',
  description:
    'folder with the keys: root-1.pem, targets.pem, snapshot.pem, timestamp.pem, or .pub files with --sign-command',
};

const actionArguments: readonly ArgumentDefinition[] = [
  {
    syntax: '<action>',
    description: 'init, keys, rotate, sign, publish-root, publish, withdraw, verify, gc, export or import',
  },
  {
    syntax: '[what]',
    description:
      'the Release to withdraw or export, the root to sign or to publish, the address to verify, the file to import',
  },
];

export const channelCommand: Command = {
  name: 'channel',
  summary: 'Make, sign, publish, verify and carry channels; needs no cluster.',
  arguments: actionArguments,
  options: [
    folderOption,
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
    { flags: '--reason <text>', description: 'withdraw: why, for people' },
    { flags: '--root <path>', description: 'verify, import: the root.json that is trusted' },
    { flags: '--keep <number>', description: 'gc: how many snapshots stay readable', default: '10' },
    {
      flags: '--allow-outbound <address>',
      description:
        'verify: address, range or host that may be asked although it is loopback or the like; may be given several times',
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
    const { initChannel } = await import('../app/channel-ceremony.ts');
    const request = {
      folder: need(invocation, 'folder'),
      keys: keysOf(invocation),
      rootKeys: count(invocation, 'rootKeys'),
      rootThreshold: count(invocation, 'rootThreshold'),
      lifetimeDays: count(invocation, 'lifetime'),
    };
    return await initChannel(request, invocation.signal);
  },
  async keys(invocation) {
    const { listKeys } = await import('../app/channel-ceremony.ts');
    return await listKeys(need(invocation, 'folder'), invocation.signal);
  },
  async rotate(invocation) {
    const { rotateRoot } = await import('../app/channel-ceremony.ts');
    const { options, signal } = invocation;
    const path = options.text('newKeys');
    const request = {
      folder: need(invocation, 'folder'),
      keys: keysOf(invocation),
      newKeys: path === undefined ? undefined : { path, signCommand: options.text('signCommand') },
      lifetimeDays: count(invocation, 'lifetime'),
      out: options.text('out'),
    };
    return [await rotateRoot(request, signal)];
  },
  async sign(invocation) {
    const { signRootFile } = await import('../app/channel-ceremony.ts');
    return [await signRootFile(what(invocation, 'the root to sign'), need(invocation, 'key'), invocation.signal)];
  },
  async 'publish-root'(invocation) {
    const { publishRootFile } = await import('../app/channel-ceremony.ts');
    const file = what(invocation, 'the root to publish');
    return [await publishRootFile(need(invocation, 'folder'), file, invocation.signal)];
  },
  async publish(invocation) {
    const { publishReleases } = await import('../app/channel-releases.ts');
    const files = invocation.options.list('release');
    const channel = {
      folder: need(invocation, 'folder'),
      keys: keysOf(invocation),
      name: invocation.options.given('name'),
    };
    return sayPublication(await publishReleases({ ...channel, files }, invocation.signal));
  },
  async withdraw(invocation) {
    const { withdrawRelease } = await import('../app/channel-releases.ts');
    const channel = {
      folder: need(invocation, 'folder'),
      keys: keysOf(invocation),
      name: invocation.options.given('name'),
    };
    const request = {
      ...channel,
      release: what(invocation, 'the Release to withdraw'),
      reason: need(invocation, 'reason'),
    };
    return sayPublication(await withdrawRelease(request, invocation.signal));
  },
  async verify(invocation) {
    const { verifyChannel } = await import('../app/channel-transport.ts');
    const { outboundFor } = await import('../app/outbound-setup.ts');
    const outbound = outboundFor(invocation.options.list('allowOutbound'));
    try {
      const place = what(invocation, 'the address or the folder to verify');
      const found = await verifyChannel({ place, rootFile: need(invocation, 'root'), outbound }, invocation.signal);
      const releases = found.releases.map(
        ({ name, sequence, publishedAt, barrier, withdrawn }) =>
          `${name} (${sequence}), published ${publishedAt.toISOString()}${barrier ? ', barrier' : ''}${withdrawn ? `, withdrawn: ${withdrawn.reason}` : ''}`,
      );
      const head = `channel ${found.channel}, root ${found.root}, expires ${found.expires.toISOString()}: ${found.files} files are what was signed`;
      return [head, ...releases];
    } finally {
      await outbound.close();
    }
  },
  async gc(invocation) {
    const { collectFolder } = await import('../app/channel-releases.ts');
    const removed = await collectFolder(need(invocation, 'folder'), count(invocation, 'keep'), invocation.signal);
    return removed.map((path) => `removed ${path}`);
  },
  async export(invocation) {
    const { exportRelease } = await import('../app/channel-transport.ts');
    const { writeFile } = await import('node:fs/promises');
    const out = need(invocation, 'out');
    const bytes = await exportRelease(
      need(invocation, 'folder'),
      what(invocation, 'the Release to export'),
      invocation.signal,
    );
    await writeFile(out, bytes);
    return [`wrote ${bytes.length} bytes to ${out}`];
  },
  async import(invocation) {
    const { importRelease } = await import('../app/channel-transport.ts');
    const { outboundFor } = await import('../app/outbound-setup.ts');
    const outbound = outboundFor([]);
    try {
      const request = { file: what(invocation, 'the file to import'), folder: need(invocation, 'folder'), outbound };
      const releases = await importRelease({ ...request, rootFile: need(invocation, 'root') }, invocation.signal);
      return releases.map((name) => `imported ${name}`);
    } finally {
      await outbound.close();
    }
  },
};

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
