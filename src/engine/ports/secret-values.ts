/** Values of Secrets that users name, in the namespace of the App. */

export interface SecretValues {
  /**
   * One value, as text.
   *
   * @throws SECRET_NOT_FOUND, SECRET_INVALID when the Secret has no such key
   */
  valueOf(namespace: string, secret: string, key: string, signal: AbortSignal): Promise<string>;
  /** All of them. @throws SECRET_NOT_FOUND */
  read(namespace: string, secret: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
}
