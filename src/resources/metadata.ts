/** The parts of an object's metadata that the product reads. */
import Type from 'typebox';

export const Metadata = Type.Object({
  name: Type.String(),
  namespace: Type.String(),
  uid: Type.String(),
  resourceVersion: Type.Optional(Type.String()),
  generation: Type.Optional(Type.Integer()),
  creationTimestamp: Type.String(),
  deletionTimestamp: Type.Optional(Type.String()),
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  finalizers: Type.Optional(Type.Array(Type.String())),
  ownerReferences: Type.Optional(
    Type.Array(
      Type.Object({ apiVersion: Type.String(), kind: Type.String(), name: Type.String(), uid: Type.String() }),
    ),
  ),
});

/** On Apps whose objects go with them. */
export const finalizer = 'headgate.dev/objects';

export function hasFinalizer({
  metadata,
}: {
  readonly metadata: { readonly finalizers?: readonly string[] };
}): boolean {
  return metadata.finalizers?.includes(finalizer) === true;
}

/** Annotation on an App: another value has its sources looked at now. */
export const checkAtKey = 'headgate.dev/check-at';

/** Label on the Lease of each replica: the name of the Lease of the one that leads. */
export const replicasLabel = 'headgate.dev/replicas';

/** Annotation on the Lease of a replica: which shards of the Updates it has claimed. */
export const claimsAnnotation = 'headgate.dev/claims';

/** Annotation on a CustomResourceDefinition: the version of Headgate that put it there. */
export const definitionsVersionKey = 'headgate.dev/crds-version';

/** Label on each Update: the App it belongs to. */
export const appLabel = 'headgate.dev/app';

/** Label on an App that was made for a workload: whose annotations asked for it. */
export const adoptedFromLabel = 'headgate.dev/adopted-from';

/** Annotation on an Update that mends what is not well, so that it does not wait for that; its value says by whom. */
export const fixAnnotation = 'headgate.dev/fix';

/** Annotation on an Update that people do not want to see among what waits for them. */
export const archivedAnnotation = 'headgate.dev/archived';

/** Label on an App that a Subscription gives its versions: the Subscription's name. */
export const subscriptionLabel = 'headgate.dev/subscription';

/** Annotation on such an App: the Release that it was made of. */
export const releaseAnnotation = 'headgate.dev/release';

/** Label on a Release that a Channel made: the number of its candidate. */
export const candidateLabel = 'headgate.dev/candidate';

/** Label on a scratch namespace, and on the Apps in it: the uid of its Channel. */
export const scratchLabel = 'headgate.dev/scratch-of';

/** Annotation on a scratch namespace: its Channel, with its namespace. */
export const scratchChannelKey = 'headgate.dev/channel';

/** Annotation on a scratch namespace: it is removed then, whatever becomes of its Channel. */
export const scratchExpiresKey = 'headgate.dev/expires-at';

/** Annotation on an adopted App: what is wrong with the annotations of its workload. The App holds still while it is there. */
export const adoptionProblemKey = 'headgate.dev/adoption-problem';
