/**
 * Browsers of the system, headless and with a fresh profile: each opens the page, which reports its
 * record to the server. Only WebKitGTK needs a driver.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run, start } from '../support/commands.js';
import { STAGE } from '../support/paths.js';
import { serve } from '../support/server.js';
import { installed } from '../support/system.js';
import { openInWebKit } from './webkit.js';

const REPORT_TIMEOUT = 120_000;

/** No first-run pages, no updates, no requests but the page's. */
export const CHROMIUM_FLAGS = [
  ...[
    '--headless',
    '--no-sandbox',
    '--disable-breakpad',
    '--disable-gpu',
    '--no-first-run',
    '--disable-sync',
  ],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];
const FIREFOX_PREFERENCES = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.aboutwelcome.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'app.update.auto': false,
  'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/**
 * On some machines a switch between AVX and SSE costs 100 ns; the full-size model would take
 * minutes.
 */
const WITHOUT_AVX = { 'javascript.options.wasm_simd_avx': false };

export const CHROMIUM = {
  name: 'Chromium',
  programs: ['/usr/bin/chromium', '/usr/bin/google-chrome'],
  packages: ['chromium'],
  places: ['page', 'worker', 'service-worker'],
  open: (program, profile, url) =>
    start(program, [...CHROMIUM_FLAGS, `--user-data-dir=${profile}`, url]),
};

const BROWSERS = [
  CHROMIUM,
  {
    name: 'Firefox',
    programs: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
    packages: ['firefox-esr'],
    // Its service workers cannot be modules.
    places: ['page', 'worker', 'classic-service-worker'],
    async open(program, profile, url) {
      // Service workers are not timed, so they run with Firefox' defaults.
      const engine = url.endsWith('service-worker') ? {} : WITHOUT_AVX;
      const lines = Object.entries({ ...FIREFOX_PREFERENCES, ...engine }).map(
        ([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`,
      );
      await writeFile(path.join(profile, 'user.js'), lines.join(''));
      const args = ['--headless', '--no-remote', '--profile', profile, url];
      return start(program, args, { env: { HOME: profile } });
    },
  },
  {
    name: 'WebKitGTK',
    programs: ['/usr/bin/WebKitWebDriver'],
    packages: ['webkit2gtk-driver'],
    places: ['page', 'worker', 'service-worker'],
    open: openInWebKit,
  },
];

/** @type {readonly import('./host.js').Host[]} */
export const browserHosts = BROWSERS.flatMap((browser) =>
  browser.places.map((place) => ({
    name: `${browser.name}, ${place.replace('classic-', '').replace('-', ' ')}`,
    run: () => runIn(browser, place),
  })),
);

/** Opens the page in a browser and awaits its record. */
export async function runIn({ programs, packages, open }, place) {
  const program = await installed(programs, packages);
  const version = await versionOf(program);
  const page = await readFile(path.join(STAGE, 'page.html'), 'utf8');
  const [, importMap] = page.match(/<script type="importmap">([\s\S]*?)<\/script>/);
  const hash = createHash('sha256').update(importMap).digest('base64');
  const server = await serve(STAGE, hash);
  const profiles = path.join(STAGE, 'profiles');
  await mkdir(profiles, { recursive: true });
  const profile = await mkdtemp(`${profiles}/`);
  const report = server.report(place, REPORT_TIMEOUT);
  // It is awaited below; without a handler, an earlier failure would end the process.
  report.catch(() => {});
  let browser;
  try {
    browser = await open(program, profile, `${server.origin}/page.html?in=${place}`);
    return {
      version: browser.version ?? version,
      ...(await Promise.race([report, failure(browser)])),
    };
  } finally {
    await browser?.stop();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The version; nothing of WebKitWebDriver, which does not print one. */
async function versionOf(program) {
  const said = await run(program, ['--version']).catch(() => '');
  return said.match(/\d+(\.\d+)+/)?.[0] ?? '';
}

/** Rejects when the browser ends before it reports. */
async function failure(browser) {
  const code = await browser.ended;
  throw new Error(`The browser ended with ${code}: ${browser.tail()}`);
}
