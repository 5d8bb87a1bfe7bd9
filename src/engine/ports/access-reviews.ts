/** What the API server knows of whoever calls. */
export interface AccessReviews {
  /** As the API server names them. */
  whoAmI(signal: AbortSignal): Promise<string>;
  /** Whether they have a verb on one of our objects. */
  may(
    verb: string,
    on: { readonly resource: string; readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<boolean>;
}
