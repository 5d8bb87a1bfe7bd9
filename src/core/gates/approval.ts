/** One person's yes to one Update. */
export interface Approval {
  /** As the API server names them. */
  readonly by: string;
  readonly at: Date;
}
