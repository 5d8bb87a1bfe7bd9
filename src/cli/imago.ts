import { insecureRegistryOption } from './adoption-options.ts';
import { type Command, connectionOf, connectionOptions, usageError } from './command.ts';
import { type GoFlags, rewriteGoFlags } from './go-flags.ts';
import { harmless } from './table.ts';

/** As Imago calls them. */
const flags: GoFlags = {
  A: { option: 'all-namespaces', kind: 'switch' },
  'all-namespaces': { option: 'all-namespaces', kind: 'switch' },
  n: { option: 'namespace', kind: 'value' },
  x: { option: 'exclude-namespace', kind: 'value' },
  l: { option: 'selector', kind: 'value' },
  'field-selector': { option: 'field-selector', kind: 'value' },
  'check-pods': { option: 'check-pods', kind: 'switch' },
  update: { option: 'update', kind: 'switch' },
  restart: { option: 'restart', kind: 'switch' },
  kubeconfig: { option: 'kubeconfig', kind: 'value' },
  context: { option: 'context', kind: 'value' },
  'insecure-registry': { option: 'insecure-registry', kind: 'value' },
};

export const imagoCommand: Command = {
  name: 'imago',
  summary:
    'Pin the images of workloads to the digests that their tags stand for now, and say which are behind; a drop-in for imago, with its flags.',
  arguments: [],
  options: [
    ...connectionOptions,
    { flags: '-A, --all-namespaces', description: 'all namespaces' },
    {
      flags: '-n, --namespace <name>',
      description: 'namespace; else that of the context; may be given several times',
      repeatable: true,
    },
    {
      flags: '-x, --exclude-namespace <name>',
      description: 'all namespaces but this one; may be given several times',
      repeatable: true,
    },
    { flags: '-l, --selector <selector>', description: 'labels that the workload itself must have' },
    { flags: '--field-selector <selector>', description: 'fields that it must have, for example metadata.name=web' },
    { flags: '--check-pods', description: 'compare what its pods run in place of what its spec says' },
    { flags: '--update', description: 'set the new digests; without it, and without --restart, nothing is changed' },
    {
      flags: '--restart',
      description: 'start its pods anew instead, on the tags of before; compares what pods run',
    },
    insecureRegistryOption,
  ],
  rewrite: (words) => rewriteGoFlags(words, flags),
  async run({ options, print, signal }) {
    const namespaces = options.list('namespace');
    const excludedNamespaces = options.list('excludeNamespace');
    if (options.flag('allNamespaces') && namespaces.length > 0) {
      throw usageError("imago: you can't use -n with --all-namespaces; leave one of them out");
    }
    const { runImago } = await import('../app/adoption/run-imago.ts');
    const isRestart = options.flag('restart');
    const isGood = await runImago(
      {
        ...connectionOf(options),
        mode: {
          action: isRestart ? 'Restart' : options.flag('update') ? 'Update' : 'Look',
          checkPods: isRestart || options.flag('checkPods'),
        },
        namespaces,
        allNamespaces: options.flag('allNamespaces') || excludedNamespaces.length > 0,
        excludedNamespaces,
        labelSelector: options.text('selector'),
        fieldSelector: options.text('fieldSelector'),
        insecureRegistries: options.list('insecureRegistry'),
        print: (line) => print(harmless(line)),
      },
      signal,
    );
    return isGood ? 0 : 1;
  },
};
