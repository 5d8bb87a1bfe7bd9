/** What an object says about itself by annotations: Headgate's own, and Flux's as people have them in their files. */
import { type Fields, fieldAt, isFields } from '../health/objects/fields.ts';

export interface OptOuts {
  /** It stays in the cluster when it is no longer in the manifests. */
  readonly keep: boolean;
  /** It is neither applied nor pruned, whatever is in the manifests. */
  readonly ignore: boolean;
  /** It is made when it is not there, and left alone afterwards. */
  readonly onlyCreate: boolean;
  /** It may be deleted and made anew where a field cannot be changed. */
  readonly recreate: boolean;
}

const pruneAnnotation = 'headgate.dev/prune';

const fluxPrefix = 'kustomize.toolkit.fluxcd.io/';

/** Reads both; `Merge` of Flux is what server-side apply does anyway. */
export function optOutsOf(object: Fields): OptOuts {
  const annotations = annotationsOf(object);
  const flux = (name: string) => lower(annotations[`${fluxPrefix}${name}`]);
  const ssa = flux('ssa');
  return {
    keep: lower(annotations[pruneAnnotation]) === 'disabled' || flux('prune') === 'disabled',
    ignore: ssa === 'ignore' || flux('reconcile') === 'disabled',
    onlyCreate: ssa === 'ifnotpresent',
    recreate: flux('force') === 'enabled',
  };
}

/** Empty for what is no map; such an object is refused by the API server. */
export function annotationsOf(object: Fields): Fields {
  const annotations = isFields(object['metadata']) ? fieldAt(object['metadata'], 'annotations') : undefined;
  return isFields(annotations) ? annotations : {};
}

function lower(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}
