/** Cloudflare's runtime: checkpoints are data modules, builds are compiled modules. */
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run, start } from '../support/commands.js';
import { fetched } from '../support/packages.js';
import { STAGE } from '../support/paths.js';
import { freePort, waitFor } from '../support/server.js';
import { CHECKPOINTS } from '../support/stage.js';

const WASM = 'node_modules/mobilebert-wasm/build/wasm';
const FILES = ['config.json', 'model.safetensors', 'tokenizer_config.json', 'vocab.txt'];
/** The date decides which standard APIs a worker has. */
const COMPATIBILITY_DATE = '2025-11-01';

const find = () => fetched('workerd', '@cloudflare/workerd-linux-64', 'bin/workerd');

/** @type {import('./host.js').Host} */
export const workerdHost = {
  name: 'workerd',
  async run() {
    const program = await find();
    const version = (await run(program, ['--version'])).match(/[\d-]{8,}/)?.[0] ?? '';
    const port = await freePort();
    const modules = [
      '(name = "main.js", esModule = embed "main.js")',
      ...['simd', 'dot', 'relaxed', 'probe'].map(
        (name) => `(name = "${name}.wasm", wasm = embed "../${WASM}/${name}.wasm")`,
      ),
      ...(await checkpointModules()),
    ];
    const config = path.join(STAGE, 'workerd/config.capnp');
    await writeFile(config, configOf({ port, modules }));
    const server = start(program, ['serve', config]);
    try {
      await waitFor(port, server);
      return { version, ...(await (await fetch(`http://127.0.0.1:${port}/`)).json()) };
    } finally {
      await server.stop();
    }
  },
};

/**
 * The command that serves the bundle of a worker, as wrangler made it, with a folder as its assets.
 *
 * @param {{ bundle: string, assets: string, port: number, v8Flags: string[] }} worker
 */
export async function serveWorker({ bundle, assets, port, v8Flags }) {
  const wasm = (await readdir(bundle)).filter((file) => file.endsWith('.wasm'));
  const modules = [
    '(name = "main.js", esModule = embed "worker.js")',
    ...wasm.map((file) => `(name = "${file}", wasm = embed "${file}")`),
  ];
  const config = path.join(bundle, 'config.capnp');
  await writeFile(config, configOf({ port, modules, assets, v8Flags }));
  return [await find(), ['serve', config]];
}

/** A configuration of one worker. */
function configOf({ port, modules, assets, v8Flags = [] }) {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    ${assets ? `(name = "assets", disk = "${assets}")` : ''}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
  v8Flags = ${JSON.stringify(v8Flags)}
);
const worker :Workerd.Worker = (
  modules = [
    ${modules.join(',\n    ')}
  ],
  bindings = [${assets ? '(name = "ASSETS", service = "assets")' : ''}],
  compatibilityDate = "${COMPATIBILITY_DATE}"
);
`;
}

/** The checkpoints as data modules, and the module `files` that exports them. */
async function checkpointModules() {
  const files = (await Promise.all(CHECKPOINTS.map(dataModules))).flat();
  return [
    `(name = "files", esModule = ${JSON.stringify(filesModule(files))})`,
    ...files.map(({ path }) => `(name = "${path}", data = embed "../files/${path}")`),
  ];
}

async function dataModules(folder) {
  const present = await readdir(path.join(STAGE, 'files', folder));
  const files = FILES.filter((file) => present.includes(file));
  return files.map((file) => ({ folder, file, path: `${folder}/${file}` }));
}

/** The source of a module that exports the data modules by folder and file. */
function filesModule(files) {
  const imports = files.map(({ path }, i) => `import file${i} from '${path}';`);
  const folders = CHECKPOINTS.map((folder) => {
    const own = files.flatMap((file, i) =>
      file.folder === folder ? [`'${file.file}': file${i}`] : [],
    );
    return `'${folder}': { ${own.join(', ')} }`;
  });
  return `${imports.join('\n')}\nexport default { ${folders.join(', ')} };\n`;
}
