/** Where a Helm chart is found, as an App writes it. */
import { isOperationError, OperationError } from '../errors.ts';
import { parseRepository, type Repository } from '../image/reference.ts';

export type ChartLocation =
  /** A chart of a repository with an index. */
  | {
      readonly kind: 'Index';
      /** http or https, ends with a slash; without credentials. */
      readonly url: string;
      readonly chart: string;
    }
  /** A chart in a registry: the tags of the repository are its versions. */
  | { readonly kind: 'Oci'; readonly repository: Repository };

export interface WrittenChart {
  /** `https://host/path`, or `oci://host/path`. */
  readonly repository: string;
  readonly name?: string | undefined;
  readonly insecure?: boolean | undefined;
}

const ociScheme = 'oci://';
const chartName = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,249}$/;

/**
 * Reads `https://charts.example` with a name, or `oci://ghcr.io/org/charts/web`; with `oci://` a name is the last part of the path,
 * as in Flux.
 *
 * @param field e.g. `spec.sources[0].chart`
 * @throws REFERENCE_INVALID naming field, value and remedy
 */
export function parseChartLocation({ repository, name, insecure }: WrittenChart, field: string): ChartLocation {
  if (name !== undefined && !chartName.test(name)) {
    throw invalid(`${field}.name`, name, 'is no name of a chart; write for example web');
  }
  if (repository.startsWith(ociScheme)) {
    const path = repository.slice(ociScheme.length).replace(/\/$/, '');
    return { kind: 'Oci', repository: ociRepository(name === undefined ? path : `${path}/${name}`, field) };
  }
  if (name === undefined) {
    throw invalid(`${field}.name`, '', 'is missing; write the name of the chart in the repository');
  }
  const url = parseUrl(repository, insecure ?? false, field);
  return { kind: 'Index', url: url.href.endsWith('/') ? url.href : `${url.href}/`, chart: name };
}

function parseUrl(repository: string, isInsecure: boolean, field: string): URL {
  const url = URL.parse(repository);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.search !== '' || url.hash !== '') {
    throw invalid(
      `${field}.repository`,
      repository,
      'is no chart repository; write https://host/path or oci://host/path',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      `${field}.repository`,
      '***',
      'has credentials in it; put them into a Secret and name it as secretRef',
    );
  }
  if (url.protocol === 'http:' && !isInsecure) {
    throw invalid(`${field}.repository`, repository, 'is not encrypted; write https, or set insecure: true');
  }
  return url;
}

/** For people: `https://host/path/web`, `oci://host/path/web`. */
export function describeChart(location: ChartLocation): string {
  return location.kind === 'Index'
    ? `${location.url}${location.chart}`
    : `${ociScheme}${location.repository.registry}/${location.repository.path}`;
}

function ociRepository(text: string, field: string): Repository {
  try {
    return parseRepository(text);
  } catch (error) {
    throw isOperationError(error)
      ? invalid(`${field}.repository`, `oci://${text}`, `is not valid: ${error.message}`)
      : error;
  }
}

function invalid(field: string, value: string, problem: string): OperationError {
  return new OperationError(`${field}: "${value.slice(0, 128)}" ${problem}`, {
    code: 'REFERENCE_INVALID',
    retry: 'never',
    context: { field },
  });
}
