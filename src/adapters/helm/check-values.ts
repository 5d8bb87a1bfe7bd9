/** Whether values match the `values.schema.json` of a chart, before Helm is asked, which says it in the middle of an Update. */
import { load } from 'js-yaml';
import { Compile } from 'typebox/schema';
import { isValues, mergeValues, type Value, type Values } from '../../core/helm/values.ts';
import { joinSome } from '../../core/text.ts';
import { readTgz } from './read-tar.ts';

/**
 * What is wrong with values that are laid over those of a chart; undefined: nothing, or the chart has no schema that can be read here.
 *
 * @param values over the chart's own; nothing that is set later may be asked for
 * @throws HELM_CHART_INVALID
 */
export async function findValuesFault(archive: Uint8Array, values: Values): Promise<string | undefined> {
  const files = await readTgz(archive, 'the archive of the chart');
  const textOf = (name: string) =>
    files.find(({ path }) => path.split('/').length === 2 && path.endsWith(`/${name}`))?.content.toString('utf8');
  const schema = textOf('values.schema.json');
  if (schema === undefined) {
    return undefined;
  }
  try {
    const defaults = load(textOf('values.yaml') ?? '') as Value | undefined;
    const [isGood, errors] = Compile(JSON.parse(schema)).Errors(
      mergeValues(isValues(defaults) ? defaults : {}, values),
    );
    const told = errors.filter(({ keyword }) => keyword !== 'boolean');
    const faults = told.map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
    return isGood || faults.length === 0 ? undefined : joinSome(faults, '; ');
  } catch {
    // References to elsewhere, or another dialect: Helm says what it thinks of it.
    return undefined;
  }
}
