/** Reads what `valuesFrom` names. */
import { type Composed, composeValues, type Document } from '../../../core/helm/compose-values.ts';
import type { HelmDeploy, ValuesReference } from '../../../core/helm/helm-deploy.ts';
import type { ValueDocuments } from '../../ports/helm.ts';

/** Values of the App and of the documents it names; what is wrong with them is part of the answer. */
export async function readValues(
  documents: ValueDocuments,
  app: { readonly namespace: string; readonly name: string },
  deploy: HelmDeploy,
  signal: AbortSignal,
): Promise<Composed> {
  const read: Document[] = [];
  for (const reference of deploy.valuesFrom) {
    read.push(await readOne(documents, app, reference, signal));
  }
  return composeValues(deploy, read);
}

async function readOne(
  documents: ValueDocuments,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  reference: ValuesReference,
  signal: AbortSignal,
): Promise<Document> {
  const watcher = `${namespace}/${name}`;
  const what = `${reference.kind} "${reference.name}"`;
  const document = await documents.find(watcher, namespace, reference, signal);
  if (document === undefined) {
    return missing(`there is no ${what} in namespace "${namespace}"; create it, correct the name, or set optional`);
  }
  const text = document.get(reference.key);
  if (text === undefined) {
    const keys = [...document.keys()].slice(0, 10).join(', ') || 'none';
    return missing(`${what} has no key "${reference.key}"; its keys are ${keys}`);
  }
  if (reference.target !== undefined) {
    return { kind: 'Text', text };
  }
  const parsed = documents.parse(text);
  return parsed.kind === 'Value'
    ? { kind: 'File', value: parsed.value }
    : missing(`key ${reference.key} of ${what} is no YAML: ${parsed.problem}`);
}

function missing(problem: string): Document {
  return { kind: 'Missing', problem };
}
