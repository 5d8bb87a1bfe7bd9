/**
 * How much of the long tests of chance is done: all in `make test`, a fifth in `make check` and when one runs a test by hand, which is to be
 * done within a minute. What a run expects to have met has to be in proportion.
 */
export const share = process.env['HEADGATE_THOROUGH'] === 'true' ? 1 : 0.2;
