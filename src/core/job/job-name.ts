/** Names of the Jobs that Headgate starts. */
import { createHash } from 'node:crypto';

/** Kubernetes takes 63 characters for a Job, as its pods carry the name as a label. */
const longestName = 63;
const hashLength = 10;

/**
 * The name of the one Job that does `step` for the object of this uid: the same whoever asks, so that a controller that was killed
 * after it had started the Job finds it. Another object, or another step, has another Job.
 *
 * @param owner name of the object, for people who list Jobs
 * @param step of the object's, for example `backup`
 */
export function jobNameOf(owner: { readonly name: string; readonly uid: string }, step: string): string {
  const hash = createHash('sha256').update(`${owner.uid}\0${step}`).digest('hex').slice(0, hashLength);
  const room = longestName - hashLength - step.length - 2;
  const start = owner.name.slice(0, room).replaceAll('.', '-').replace(/-+$/, '');
  return `${start}-${step}-${hash}`;
}
