/** Who calls the API, as Kubernetes knows them. */
export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** As the API server calls those who say nothing of themselves. */
export const anonymous: Caller = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
