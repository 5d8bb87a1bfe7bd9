/** A policy tried on tags, as `headgate policy` does it. */
import Type from 'typebox';
import { tryPolicy } from '../../core/policy/try-policy.ts';
import { type ApiContext, type ApiRoutes, callerOf } from './api-context.ts';

const maxTags = 20_000;
const tagPattern = '^[\\w+.-]{1,256}$';

const Trial = Type.Object(
  {
    policy: Type.String({
      description: 'YAML of what stands under policy in an App, a Flux ImagePolicy, or keel:NAME.',
      maxLength: 65_536,
    }),
    tags: Type.Array(Type.String({ pattern: tagPattern }), {
      description: 'The tags that the repository has.',
      maxItems: maxTags,
    }),
    current: Type.Optional(Type.String({ description: 'The tag that runs.', pattern: tagPattern })),
  },
  { additionalProperties: false },
);

const Outcome = Type.Object({
  choice: Type.Optional(Type.String({ description: 'The tag that is taken; absent when there is none.' })),
  rejected: Type.Array(Type.Object({ tag: Type.String(), reason: Type.String(), message: Type.String() }), {
    description: 'All other tags in the order given, and why each is not taken.',
  }),
  unjudged: Type.Array(Type.String(), {
    description: 'Fields of the policy that only a registry and a cluster can answer.',
  }),
});

export function addPolicyRoutes(routes: ApiRoutes, { readPolicy }: ApiContext): void {
  routes.post(
    '/policies/try',
    {
      schema: {
        tags: ['Policies'],
        summary: 'Which of the tags a policy takes, and why not each other. Changes nothing.',
        body: Trial,
        response: { 200: Outcome },
      },
    },
    async (request) => {
      const { body } = request;
      callerOf(request);
      const policy = readPolicy(body.policy);
      const { choice, rejected } = tryPolicy(policy, { tags: [...new Set(body.tags)], current: body.current });
      const { minimumAgeMs, platforms } = policy.requirements ?? {};
      return {
        ...(choice !== null && { choice }),
        rejected: [...rejected],
        unjudged: [
          ...(minimumAgeMs === undefined ? [] : ['minimumAge']),
          ...(platforms === undefined ? [] : ['platforms']),
        ],
      };
    },
  );
}
