/** The plan of an Update of a Helm release as written in the cluster. */
import Type from 'typebox';
import { Text } from '../schema-parts.ts';

export const HelmPlanSchema = Type.Object(
  {
    release: Text('Name of the Helm release.', 253),
    before: Type.Integer({ description: 'Its newest revision when the plan was made; 0: there was none.' }),
    restore: Type.Optional(Type.Integer({ description: 'Revision that going back brings.' })),
    restoreDigests: Type.Array(Text('Digest.', 256), {
      description: 'Digests of chart and settings of that revision.',
      maxItems: 32,
    }),
    chart: Type.Optional(
      Type.Object(
        {
          version: Type.Optional(Text('Version.', 253)),
          digest: Type.Optional(Text('Digest.', 256)),
        },
        { description: 'The chart before.' },
      ),
    ),
    goTo: Type.Optional(Type.Integer({ description: 'Only for a rollback: the revision that comes back.' })),
    settingsDigest: Text('Names what the App asks for besides versions.', 256),
    revision: Type.Optional(Type.Integer({ description: 'Revision that the Update made.' })),
    oneWays: Type.Array(Text('One sentence.', 1024), {
      description: 'What going back does not take back.',
      maxItems: 50,
    }),
  },
  { description: 'Only for deploy helm: what stood there, what is put in place, what going back brings.' },
);
