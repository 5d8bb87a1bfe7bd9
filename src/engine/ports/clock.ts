/** Injected so that time can be replayed in tests. */
export interface Clock {
  now(): Date;
}
