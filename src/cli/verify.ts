import { predicateTypeOf } from '../core/signature/requirements.ts';
import { exactly, matching, type SignaturePolicy, type TextMatcher } from '../core/signature/signature-policy.ts';
import { type Command, type Options, outputOption, usageError } from './command.ts';
import { registryOptions, registrySettingsOf } from './registry-options.ts';
import { formatJson } from './table.ts';

export const verifyCommand: Command = {
  name: 'verify',
  summary:
    'Look for the signatures of an image as an App with verify does, without a cluster; 1 when it is not verified.',
  arguments: [{ syntax: '<image>', description: 'with tag or digest' }],
  options: [
    {
      flags: '--key <file>',
      description: 'public key (PEM); may be given several times, and any one of them is enough',
      repeatable: true,
    },
    { flags: '--certificate-identity <text>', description: 'whom the certificate must name' },
    {
      flags: '--certificate-identity-regexp <pattern>',
      description: 'pattern (RE2) of the whole of it; unlike cosign it is not enough that it is found in it',
    },
    { flags: '--certificate-oidc-issuer <url>', description: 'who must have vouched for the identity' },
    { flags: '--certificate-oidc-issuer-regexp <pattern>', description: 'pattern (RE2) of the whole of it' },
    { flags: '--trusted-root <file>', description: 'Sigstore trusted root (JSON): the authorities and logs to trust' },
    {
      flags: '--attestation <type>',
      description:
        'predicate type that must be attested, or one of the short names of cosign; may be given several times',
      repeatable: true,
    },
    { flags: '--no-signature', description: 'the attestations are enough' },
    {
      flags: '--transparency-log',
      description: 'a signature by a key must be in a log too; one by an identity always must',
    },
    { flags: '--insecure', description: 'plain http' },
    ...registryOptions,
    outputOption,
  ],
  async run({ arguments: [image = ''], options, print, signal }) {
    const policy = policyOf(options);
    const { verifyImage } = await import('../app/commands/verify-image.ts');
    const verdict = await verifyImage(
      {
        image,
        policy,
        keyFiles: options.list('key'),
        trustedRootFile: options.text('trustedRoot'),
        insecure: options.flag('insecure'),
        registries: registrySettingsOf(options),
      },
      signal,
    );
    if (options.given('output') === 'json') {
      print(formatJson(verdict));
    } else {
      const why = verdict.kind === 'Verified' ? `signed by ${verdict.by.join(', ')}` : verdict.reason;
      print(`${verdict.kind}: ${image} ${verdict.digest}: ${why}`);
    }
    return verdict.kind === 'Verified' ? 0 : 1;
  },
};

function policyOf(options: Options): SignaturePolicy {
  const predicateTypes = options.list('attestation').map(predicateTypeOf);
  const isSignatureNeeded = options.flag('signature');
  if (!isSignatureNeeded && predicateTypes.length === 0) {
    throw usageError('verify: --no-signature needs an --attestation');
  }
  const signers = signersOf(options);
  const isLogNeeded = signers.kind === 'Identities' || options.flag('transparencyLog');
  if (isLogNeeded && options.text('trustedRoot') === undefined) {
    throw usageError('verify: name the file with the authorities and logs to trust with --trusted-root');
  }
  return {
    signers,
    predicateTypes,
    signature: isSignatureNeeded ? 'Required' : 'Ignored',
    transparencyLog: isLogNeeded ? 'Required' : 'Ignored',
    trustedRoot: undefined,
  };
}

function signersOf(options: Options): SignaturePolicy['signers'] {
  const subject = matcherOf(options, 'certificateIdentity', '--certificate-identity');
  const issuer = matcherOf(options, 'certificateOidcIssuer', '--certificate-oidc-issuer');
  const hasKeys = options.list('key').length > 0;
  if (hasKeys === (subject !== undefined || issuer !== undefined)) {
    throw usageError('verify: give either --key, or --certificate-identity and --certificate-oidc-issuer');
  }
  if (hasKeys) {
    return { kind: 'Keys', secret: '' };
  }
  if (subject === undefined || issuer === undefined) {
    throw usageError('verify: an identity is only one together with who vouches for it; give both of them');
  }
  return { kind: 'Identities', identities: [{ subject, issuer }] };
}

function matcherOf(options: Options, name: string, flag: string): TextMatcher | undefined {
  const text = options.text(name);
  const pattern = options.text(`${name}Regexp`);
  if (text !== undefined && pattern !== undefined) {
    throw usageError(`verify: give either ${flag} or ${flag}-regexp`);
  }
  if (pattern !== undefined) {
    return matching(pattern, `${flag}-regexp`);
  }
  return text === undefined ? undefined : exactly(text);
}
