/** A page that shows the three most probable intents of a bank customer's question, while typing. */
import { pipeline } from 'mobilebert-wasm';

const root = document.querySelector('main');
start(root, new URL(root.dataset.model, location.href)).catch((error) => root.append(error));

/** @param {HTMLElement} root @param {URL} model */
async function start(root, model) {
  const input = root.querySelector('input');
  const list = root.querySelector('ol');
  const classify = await pipeline('text-classification', model);
  input.addEventListener('input', async () => {
    const question = input.value;
    const found = await classify(question, { top_k: 3 });
    // Outdated if the text has changed in the meantime.
    if (question !== input.value) return;
    list.replaceChildren(...found.map(item));
  });
  input.disabled = false;
}

/** @param {import('mobilebert-wasm').Classification} intent */
function item({ label, score }) {
  const line = document.createElement('li');
  line.textContent = `${label} ${(100 * score).toFixed(1)} %`;
  return line;
}
