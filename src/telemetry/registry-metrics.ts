/** What is asked of registries and what is left of their budgets. Labels are hosts, bounded by the hosts in the sources of Apps. */
import { Counter, Gauge, type Registry } from 'prom-client';

export const registryDefinitions = {
  registryRequests: {
    name: 'headgate_registry_requests_total',
    type: 'counter',
    help: 'Requests sent to registries, by the status that came back or the code of the error.',
    labels: ['host', 'outcome'],
  },
  registryInFlight: {
    name: 'headgate_registry_requests_in_flight',
    type: 'gauge',
    help: 'Requests to a registry that are under way.',
    labels: ['host'],
  },
  registryWaiting: {
    name: 'headgate_registry_requests_waiting',
    type: 'gauge',
    help: 'Requests that wait until others to the same registry are done.',
    labels: ['host'],
  },
  registrySilentUntil: {
    name: 'headgate_registry_silent_until_timestamp_seconds',
    type: 'gauge',
    help: 'Until when a registry is not asked, because it said so or could not be reached, as Unix time; absent when it is asked.',
    labels: ['host'],
  },
  registryBudgetLimit: {
    name: 'headgate_registry_budget_limit',
    type: 'gauge',
    help: 'How many requests (counts=requests) or manifests (counts=pulls) a registry allows in its period.',
    labels: ['host', 'counts'],
  },
  registryBudgetUsed: {
    name: 'headgate_registry_budget_used',
    type: 'gauge',
    help: 'How many of the budget are used, or promised to checks that wait for their turn.',
    labels: ['host', 'counts'],
  },
  registryBudgetReset: {
    name: 'headgate_registry_budget_reset_timestamp_seconds',
    type: 'gauge',
    help: 'When the first of the used ones is free again, as Unix time.',
    labels: ['host', 'counts'],
  },
  repositoryAnswered: {
    name: 'headgate_repository_last_check_timestamp_seconds',
    type: 'gauge',
    help: 'When a repository was last asked and has answered, over all Apps that follow it, as Unix time.',
    labels: ['repository'],
  },
  repositoryError: {
    name: 'headgate_repository_error',
    type: 'gauge',
    help: '1 for the code of the last error of a repository that has not answered since.',
    labels: ['repository', 'code'],
  },
} as const;

export interface RegistryMetrics {
  countRequest(host: string, outcome: string): void;
  /** Says where the state of registries is read when metrics are asked for. */
  observeHosts(read: () => readonly HostState[]): void;
  observeRepositories(read: () => readonly RepositoryState[]): void;
}

export interface HostState {
  readonly host: string;
  readonly inFlight: number;
  readonly waiting: number;
  readonly silentUntilMs: number | undefined;
  readonly budgets: readonly {
    readonly counts: string;
    readonly limit: number;
    readonly used: number;
    readonly resetsAtMs: number | undefined;
  }[];
}

export interface RepositoryState {
  readonly repository: string;
  readonly answeredAtMs: number | undefined;
  readonly error: string | undefined;
}

export function createRegistryMetrics(registry: Registry): RegistryMetrics {
  const registers = [registry];
  const made = registryDefinitions;
  const requests = new Counter({ ...shape(made.registryRequests), registers });
  let hosts: () => readonly HostState[] = () => [];
  let repositories: () => readonly RepositoryState[] = () => [];
  const gauge = <L extends string>(definition: Definition<L>, read: (set: Setter<L>) => void) =>
    new Gauge({
      ...shape(definition),
      registers,
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  const ofHosts = (definition: Definition<'host'>, read: (host: HostState) => number | undefined) =>
    gauge(definition, (set) => {
      for (const host of hosts()) {
        setKnown(set, { host: host.host }, read(host));
      }
    });
  const ofBudgets = (
    definition: Definition<'host' | 'counts'>,
    read: (budget: HostState['budgets'][number]) => number | undefined,
  ) =>
    gauge(definition, (set) => {
      for (const { host, budgets } of hosts()) {
        for (const budget of budgets) {
          setKnown(set, { host, counts: budget.counts }, read(budget));
        }
      }
    });
  ofHosts(made.registryInFlight, ({ inFlight }) => inFlight);
  ofHosts(made.registryWaiting, ({ waiting }) => waiting);
  ofHosts(made.registrySilentUntil, ({ silentUntilMs }) => seconds(silentUntilMs));
  ofBudgets(made.registryBudgetLimit, ({ limit }) => limit);
  ofBudgets(made.registryBudgetUsed, ({ used }) => used);
  ofBudgets(made.registryBudgetReset, ({ resetsAtMs }) => seconds(resetsAtMs));
  gauge(made.repositoryAnswered, (set) => {
    for (const { repository, answeredAtMs } of repositories()) {
      setKnown(set, { repository }, seconds(answeredAtMs));
    }
  });
  gauge(made.repositoryError, (set) => {
    for (const { repository, error } of repositories()) {
      setKnown(set, { repository, code: error ?? '' }, error === undefined ? undefined : 1);
    }
  });
  return {
    countRequest: (host, outcome) => requests.inc({ host, outcome }),
    observeHosts: (read) => {
      hosts = read;
    },
    observeRepositories: (read) => {
      repositories = read;
    },
  };
}

type Setter<L extends string> = (labels: Readonly<Record<L, string>>, value: number) => void;

interface Definition<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}

function setKnown<L extends string>(set: Setter<L>, labels: Readonly<Record<L, string>>, value: number | undefined) {
  if (value !== undefined) {
    set(labels, value);
  }
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function shape<L extends string>(definition: Definition<L>) {
  return { name: definition.name, help: definition.help, labelNames: [...definition.labels] };
}
