/** The version policy of a source as written in the cluster. */
import Type, { type TProperties } from 'typebox';
import { platformPattern } from '../../core/image/platform.ts';
import { maxPatternLength } from '../../core/policy/pattern.ts';
import { stepSizes } from '../../core/policy/policy.ts';
import { ageOrigins } from '../../core/policy/requirements.ts';
import { Duration } from '../schema-parts.ts';

/** Written by people one by one; each is tried on each tag. */
const maxPatterns = 16;
const maxPathVersions = 32;

const pattern = { minLength: 1, maxLength: maxPatternLength };

const Tag = (description: string) => Type.String({ description, minLength: 1, maxLength: 128 });

const Order = Type.Optional(
  Type.Enum(['asc', 'desc'], { description: 'asc: the last is the newest; desc: the first is.', default: 'asc' }),
);

const Extract = Type.Optional(
  Type.String({
    description: 'What is compared in place of the tag: $1 or $name stand for the groups of the pattern.',
    maxLength: maxPatternLength,
  }),
);

const fluxChoice = {
  semver: Type.Optional(
    Type.Object(
      {
        range: Type.String({
          description: 'Which versions are allowed, for example "^1.2.0", "1.x" or ">=1.2 <2.0".',
          minLength: 1,
          maxLength: 256,
        }),
      },
      { description: 'Take the highest tag that is a semantic version within a range.' },
    ),
  ),
  numerical: Type.Optional(
    Type.Object(
      { order: Order },
      { description: 'As in Flux: take the greatest number; nothing, if one tag is no number.' },
    ),
  ),
  alphabetical: Type.Optional(Type.Object({ order: Order }, { description: 'Take the last tag of the alphabet.' })),
};

const choice = {
  ...fluxChoice,
  step: Type.Optional(
    Type.Enum([...stepSizes], {
      description:
        'Take the highest version that is at most this step away from what runs; all takes pre-releases too.',
    }),
  ),
  calver: Type.Optional(
    Type.Object(
      {
        format: Type.Optional(
          Type.String({
            description: 'Form of the tags, for example YYYY.0M.0D or YY.0M[.MICRO]; any usual date when absent.',
            minLength: 2,
            maxLength: 64,
          }),
        ),
      },
      { description: 'Take the newest date.' },
    ),
  ),
  numeric: Type.Optional(
    Type.Object({ order: Order }, { description: 'Take the greatest number; tags that are no number are left out.' }),
  ),
  regexp: Type.Optional(
    Type.Object(
      { pattern: Type.String({ description: 'Pattern of RE2.', ...pattern }), extract: Extract },
      { description: 'Take the last tag with a pattern, numbers by their value; the group "compare" is compared.' },
    ),
  ),
  glob: Type.Optional(
    Type.Object(
      {
        pattern: Type.String({ description: '* is any text, ? one character.', minLength: 1, maxLength: 256 }),
        extract: Extract,
      },
      { description: 'Take the last tag that fits a glob, numbers by their value.' },
    ),
  ),
  digest: Type.Optional(
    Type.Object(
      { tag: Tag('The tag to follow.') },
      { description: 'Stay on one tag and take each new digest behind it.' },
    ),
  ),
  pinned: Type.Optional(
    Type.Object(
      {
        tag: Type.Optional(Tag('The tag to stay on; what runs when absent.')),
        digest: Type.Optional(
          Type.String({
            description: 'Exactly this version, older or newer than what runs; which others there are is not asked.',
            pattern: '^[a-z0-9]+:[a-f0-9]{32,128}$',
            maxLength: 256,
          }),
        ),
        file: Type.Optional(
          Type.Object(
            {
              subscription: Type.String({
                description: 'namespace/name of the Subscription.',
                pattern: '^[a-z0-9][-a-z0-9]*/[a-z0-9][-a-z0-9.]*$',
                maxLength: 317,
              }),
              path: Type.String({ description: 'The file in its channel.', minLength: 1, maxLength: 512 }),
            },
            {
              description:
                'Fetch exactly that version from a channel; written by Subscriptions, for charts and manifests.',
            },
          ),
        ),
      },
      { description: 'Take nothing new.' },
    ),
  ),
  keel: Type.Optional(
    Type.Object(
      {
        policy: Type.String({
          description: 'As in keel.sh/policy: all, major, minor, patch, force, never, glob:PATTERN or regexp:PATTERN.',
          maxLength: maxPatternLength,
        }),
        matchPreRelease: Type.Optional(Type.Boolean({ description: 'As keel.sh/matchPreRelease.', default: true })),
        matchTag: Type.Optional(Type.Boolean({ description: 'As keel.sh/matchTag.', default: false })),
      },
      { description: 'Decide as Keel does.' },
    ),
  ),
  policy: Type.Optional(
    Type.Object(fluxChoice, {
      description: "The policy of a Flux ImagePolicy as it stands, with Flux's results.",
      'x-kubernetes-validations': [exactlyOne(fluxChoice)],
    }),
  ),
};

const PatternList = (description: string) =>
  Type.Optional(Type.Array(Type.String(pattern), { description, maxItems: maxPatterns }));

const VersionList = (description: string) =>
  Type.Optional(Type.Array(Tag('A version.'), { description, maxItems: maxPathVersions }));

export const PolicySchema = Type.Object(
  {
    ...choice,
    filterTags: Type.Optional(
      Type.Object(
        {
          pattern: Type.Optional(
            Type.String({ description: 'Pattern of RE2 that a tag must have.', maxLength: maxPatternLength }),
          ),
          extract: Extract,
        },
        { description: 'As in Flux: which tags are looked at, and which part of them is compared.' },
      ),
    ),
    include: PatternList('Patterns of RE2, of which a tag must have one.'),
    exclude: PatternList('Patterns of RE2, of which a tag may have none.'),
    preReleases: Type.Optional(Type.Boolean({ description: 'Take pre-releases too; for step and calver.' })),
    oneMajorAtATime: Type.Optional(Type.Boolean({ description: 'Leave out no major version; for semver and step.' })),
    barriers: VersionList('Versions that must run before anything newer than them may.'),
    deadEnds: VersionList('Versions that are never taken.'),
    minimumAge: Type.Optional(Duration('How long a version must have been known before it is taken.')),
    ageFrom: Type.Optional(
      Type.Enum([...ageOrigins], {
        description:
          'Since when it is known: since Headgate saw it first, or (Created) since its maker says that it was made, which its maker can forge. Default: FirstSeen.',
      }),
    ),
    platforms: Type.Optional(
      Type.Array(Type.String({ pattern: `^Nodes$|${platformPattern}`, maxLength: 64 }), {
        description:
          'Platforms that an image must have, for example linux/arm64; Nodes stands for those of all nodes on which the workloads may run.',
        maxItems: 16,
      }),
    ),
  },
  {
    description: `Which versions may be taken. Exactly one of ${namesOf(choice)}.`,
    'x-kubernetes-validations': [exactlyOne(choice)],
  },
);

function exactlyOne(properties: TProperties): { rule: string; message: string } {
  const present = Object.keys(properties).map((name) => `has(self.${name})`);
  return {
    rule: `[${present.join(', ')}].filter(x, x).size() == 1`,
    message: `exactly one of ${namesOf(properties)} must be set`,
  };
}

function namesOf(properties: TProperties): string {
  const names = Object.keys(properties);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
