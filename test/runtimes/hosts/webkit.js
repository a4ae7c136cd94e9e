/** WebKitGTK through its WebDriver, on a display of its own. */
import { start } from '../support/commands.js';
import { freePort, waitFor } from '../support/server.js';
import { installed } from '../support/system.js';

/** Like `open` of the other browsers: returns `ended`, `tail` and `stop`. */
export async function openInWebKit(program, profile, url) {
  const xvfb = await installed(['/usr/bin/Xvfb'], ['xvfb']);
  const display = start(xvfb, [
    '-displayfd',
    '1',
    '-screen',
    '0',
    '800x600x24',
    '-nolisten',
    'tcp',
  ]);
  const env = { DISPLAY: `:${await displayNumber(display)}`, HOME: profile };
  const port = await freePort();
  const driver = start(program, [`--port=${port}`, '--host=127.0.0.1'], { env });
  const stop = async () => {
    await driver.stop();
    await display.stop();
  };
  try {
    await waitFor(port, driver);
    const api = `http://127.0.0.1:${port}/session`;
    const { sessionId, capabilities } = await post(api, { capabilities: {} });
    await post(`${api}/${sessionId}/url`, { url });
    const close = () => fetch(`${api}/${sessionId}`, { method: 'DELETE' }).catch(() => {});
    const { ended, tail } = driver;
    return { version: capabilities.browserVersion, ended, tail, stop: () => close().then(stop) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The number of the display, which Xvfb chooses and prints when it is ready. */
async function displayNumber({ output, ended, tail }) {
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const number = /^\d+\n/.exec(output.stdout);
    if (number) return number[0].trim();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Xvfb ended: ${tail()}`);
}

async function post(url, body) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const { value } = await response.json();
  if (response.ok) return value;
  throw new Error(`WebDriver answered ${response.status}: ${value.error}: ${value.message}`);
}
