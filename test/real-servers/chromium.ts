/** Chromium without a window, for tests of the page. It reaches loopback only. */
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './server-process.ts';

const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  // A container's root has no user namespace to build the sandbox in; the page under test is ours.
  '--no-sandbox',
];

export function findChromium(): string | undefined {
  return findProgram('chromium') ?? findProgram('chromium-browser') ?? findProgram('google-chrome');
}

/** Whoever starts it closes it. */
export async function startChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('chromium is not installed: npm run setup:servers');
  return await chromium.launch({ executablePath, args: QUIET });
}
