/**
 * Whether every story is told to its end. Continuous integration does (CI=true npm test); without it the long ones are
 * left out or told shorter, so that somebody who waits has an answer within minutes.
 */
export const isLong = process.env.CI === 'true';
