/** Apart from the logger, so that the command line can name the levels without loading it. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof logLevels)[number];
