/** Copies the model that the page loads from the package to public/, which Vite serves and builds. */
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NAME = 'banking77-intents';
const models = new URL('../models/', import.meta.resolve('mobilebert-wasm'));
cpSync(fileURLToPath(new URL(NAME, models)), `public/models/${NAME}`, { recursive: true });
