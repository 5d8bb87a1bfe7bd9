/** Addresses of one cluster. Several clusters with a node can share the machine, each with an index of its own. */
export interface ClusterNetwork {
  /** The machine's own address as the node and its pods see it; the API server is reached there. */
  readonly hostAddress: string;
  /** The node's address; the registry listens there too. */
  readonly nodeAddress: string;
  /** The machine's network interface that leads to the node; its existence marks the index as taken. */
  readonly hostInterface: string;
  readonly podRange: string;
  readonly serviceRange: string;
  /** The cluster IP of the `kubernetes` Service. */
  readonly apiServiceAddress: string;
  readonly dnsServiceAddress: string;
}

export const largestNetworkIndex = 7;

/** The addresses for an index between 0 and `largestNetworkIndex`. Ranges are private ones that differ from the usual defaults of Docker. */
export function clusterNetwork(index: number): ClusterNetwork {
  const services = `10.${96 + index}.0`;
  return {
    hostAddress: `172.31.${255 - index}.2`,
    nodeAddress: `172.31.${255 - index}.1`,
    hostInterface: `headgate${index}`,
    podRange: `10.${244 - index}.0.0/24`,
    serviceRange: `${services}.0/16`,
    apiServiceAddress: `${services}.1`,
    dnsServiceAddress: `${services}.10`,
  };
}
