/** Threads of an engine: their start, the bits they compute, and what happens when one stops. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Engine, type Request } from '../../../src/engine/engine.ts';
import { packageModule } from '../../../src/engine/module.ts';
import { planThreads, Team, type ThreadedExports } from '../../../src/engine/team.ts';
import { dimensionsOf } from '../../../src/models/dimensions.ts';
import { MobileBertModel } from '../../../src/models/heads/mobilebert-model.ts';
import { initialiseInto } from '../../../src/models/load/load-checkpoint.ts';
import { MobileBertConfig } from '../../../src/models/pretrained-config.ts';
import { threads } from '../../../src/platform/node-threads.ts';
import type { Member, MemberTask } from '../../../src/platform/types.ts';
import { parameters } from '../../../src/weights/names.ts';
import { smallConfig } from '../../support/models.ts';
import { floatVariants, readBuild, runs } from '../../support/variants.ts';

afterEach(() => vi.restoreAllMocks());

const parts = {
  pooler: true,
  languageModel: true,
  token: { name: 'classifier', labels: 3 },
  sequence: { name: 'classifier', labels: 5 },
};

/** The released model's sizes with fewer layers and words. */
const released = new MobileBertConfig({
  vocab_size: 99,
  num_hidden_layers: 3,
  max_position_embeddings: 600,
});

function requestOf(lengths: number[], isSelected: boolean): Request {
  const rows = lengths.reduce((sum, S) => sum + S, 0);
  const positions = lengths.flatMap((S) => Array.from({ length: S }, (_, i) => i));
  const firsts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, S) => sum + S, 0));
  return {
    lengths: Int32Array.from(lengths),
    inputIds: Int32Array.from({ length: rows }, (_, i) => (7 * i) % 31),
    tokenTypeIds: Int32Array.from({ length: rows }, (_, i) => i & 1),
    positionIds: Int32Array.from(positions),
    attentionMask: Int32Array.from({ length: rows }, (_, i) => Number(i % 11 !== 7)),
    ...(isSelected && { selectedRows: Int32Array.from(firsts) }),
    outputs: [
      'LastHiddenState',
      'Pooled',
      'TokenLogits',
      'VocabularyLogits',
      ...(isSelected ? [] : (['HiddenStates', 'Attentions'] as const)),
    ],
  };
}

async function engineOf(
  { name, threads }: { name: string; threads: number },
  config: MobileBertConfig,
  dtype: 'fp32' | 'fp16' | 'q8',
  rowBits: number,
): Promise<Engine> {
  const module = new WebAssembly.Module(readBuild(`${name}.wasm`));
  const dimensions = { ...dimensionsOf(config, parts, dtype), rowBits };
  const engine = await Engine.create(module, 'simd', dimensions, { threads, obstacle: null });
  initialiseInto(engine, parameters(config, parts), config, 1);
  engine.seal();
  return engine;
}

/** A team's build, its twin for one thread, dtype, and bits of rows. */
const TEAMS = runs
  .filter(({ threads }) => threads > 1)
  .flatMap((run) => [
    ...(run.hasFloats ? [{ ...run, dtype: 'fp32' as const, rowBits: 16 }] : []),
    ...(run.hasFloats ? [{ ...run, dtype: 'fp16' as const, rowBits: 16 }] : []),
    { ...run, dtype: 'q8' as const, rowBits: 16 },
    ...(run.hasByteRows ? [{ ...run, dtype: 'q8' as const, rowBits: 8 }] : []),
  ]);

describe.each(TEAMS)('a team of $title in $dtype with $rowBits bits', (run) => {
  const alone = { name: run.name.replace('-threads', ''), threads: 1 };

  it.each([
    ['small and odd sizes', smallConfig(), [[1], [2, 1], [5, 1, 9, 2], [30, 35, 3]]],
    [
      'LayerNorm and gelu, which need whole rows',
      smallConfig({ normalization_type: 'layer_norm', hidden_act: 'gelu' }),
      [[1], [7], [9, 20]],
    ],
    [
      'no bottlenecks',
      smallConfig({ use_bottleneck: false, intra_bottleneck_size: 19, num_attention_heads: 1 }),
      [[1], [9, 20]],
    ],
    ['no layers', smallConfig({ num_hidden_layers: 0 }), [[1], [9, 20]]],
    ["the released model's sizes", released, [[1], [8], [24, 3], [40], [200, 300, 20]]],
  ])('has the bits of one thread: %s', async (_, config, batches) => {
    const team = await engineOf(run, config, run.dtype, run.rowBits);
    const one = await engineOf(alone, config, run.dtype, run.rowBits);
    expect(team.threadPlan).toEqual({ threads: run.threads, obstacle: null });
    for (const lengths of batches) {
      for (const isSelected of [false, true]) {
        const request = requestOf(lengths, isSelected);
        const expected = one.forward(request);
        const found = team.forward(request);
        expect(Object.keys(found)).toEqual(request.outputs);
        for (const [output, data] of Object.entries(found)) {
          const bits = (of: Float32Array) => Buffer.from(of.buffer).toString('base64');
          const same = bits(data) === bits(expected[output as keyof typeof expected]!);
          expect(same, `${output} of ${lengths}, ${isSelected ? 'selected' : 'all'} rows`).toBe(
            true,
          );
        }
      }
    }
    team.dispose();
    expect(team.threadPlan.threads).toBe(1);
    // Without its team, the engine goes on alone.
    const request = requestOf([5, 1], false);
    expect(team.forward(request)).toEqual(one.forward(request));
  });
});

describe('planThreads', () => {
  const of = (config: MobileBertConfig) => dimensionsOf(config, parts, 'fp32');

  it('gives what is asked for', () => {
    expect(planThreads(1, of(released))).toEqual({ threads: 1, obstacle: null });
    expect(planThreads(3, of(smallConfig()))).toEqual({ threads: 3, obstacle: null });
  });

  it("gives 'auto' the machine's cores, at most four, and small models one", () => {
    vi.spyOn(threads, 'cores').mockReturnValue(2);
    expect(planThreads('auto', of(released))).toEqual({ threads: 2, obstacle: null });
    vi.spyOn(threads, 'cores').mockReturnValue(16);
    expect(planThreads('auto', of(released))).toEqual({ threads: 4, obstacle: null });
    expect(planThreads('auto', of(smallConfig()))).toEqual({
      threads: 1,
      obstacle: 'the model is so small that one thread is as fast',
    });
  });

  it('says why there are none', () => {
    vi.spyOn(threads, 'obstacle').mockReturnValue('it rains');
    expect(planThreads(2, of(released))).toEqual({ threads: 1, obstacle: 'it rains' });
  });

  it.each([0, -1, 1.5, 65, Number.NaN, '2', null])('refuses %s', (count) => {
    expect(() => planThreads(count as number, of(released))).toThrow(
      'expected a whole number from 1 to 64, or "auto"',
    );
  });
});

describe('a team whose threads fail', () => {
  const config = smallConfig();
  const request = requestOf([5, 9], false);
  const make = () => engineOf({ name: 'simd-threads', threads: 3 }, config, 'fp32', 16);
  const expected = async () =>
    (await engineOf({ name: 'simd', threads: 1 }, config, 'fp32', 16)).forward(request);

  it('works alone where one does not start, and says why', async () => {
    const start = threads.start;
    let calls = 0;
    const ends: Promise<void>[] = [];
    vi.spyOn(threads, 'start').mockImplementation(async (task) => {
      if (++calls === 2) throw new Error('no more of them');
      const member = await start(task);
      ends.push(member.ended);
      return member;
    });
    const engine = await make();
    expect(engine.threadPlan).toEqual({
      threads: 1,
      obstacle: 'a thread did not start: no more of them',
    });
    await Promise.all(ends);
    expect(ends).toHaveLength(1);
    expect(engine.forward(request)).toEqual(await expected());
  });

  it('works alone where one never says that it has started', async () => {
    vi.useFakeTimers();
    vi.spyOn(threads, 'start').mockReturnValue(new Promise(() => {}));
    const making = make();
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    await vi.advanceTimersByTimeAsync(10_000);
    vi.useRealTimers();
    const engine = await making;
    expect(engine.threadPlan.obstacle).toBe('a thread did not start: it took more than 10 s');
    expect(engine.forward(request)).toEqual(await expected());
  });

  it('works alone from when one was ended from outside', async () => {
    const start = threads.start;
    const members: Member[] = [];
    vi.spyOn(threads, 'start').mockImplementation(async (task) => {
      members.push(await start(task));
      return members.at(-1)!;
    });
    const engine = await make();
    expect(engine.forward(request)).toEqual(await expected());
    await members[0]!.terminate();
    await vi.waitFor(() => expect(engine.threadPlan.threads).toBe(1));
    expect(engine.threadPlan.obstacle).toBe('one of its threads has stopped');
    expect(engine.forward(request)).toEqual(await expected());
    await members[1]!.ended;
  });

  it('throws TeamError where one fails in a pass, then works alone', async () => {
    let task: MemberTask | undefined;
    vi.spyOn(threads, 'start').mockImplementation(async (of) => {
      task = of;
      return { ended: new Promise(() => {}), terminate: async () => {} };
    });
    const engine = await make();
    const { module, memory, pass } = task!;
    const other = new WebAssembly.Instance(module, { env: { memory } });
    (other.exports as { breakTeam: (pass: number) => void }).breakTeam(pass);
    expect(() => engine.forward(request)).toThrow(
      expect.objectContaining({
        name: 'TeamError',
        message:
          'Cannot run the model: one of its threads has stopped, expected all at the barrier',
      }),
    );
    expect(() => engine.forward(request)).toThrow('one of its threads has stopped');
    await vi.waitFor(() => expect(engine.threadPlan.threads).toBe(1));
    expect(engine.forward(request)).toEqual(await expected());
  });

  it('does not wait for ever for one that never comes', async () => {
    const module = new WebAssembly.Module(readBuild('simd-threads.wasm'));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const threaded = exports as unknown as ThreadedExports;
    let team: Team | undefined;
    const createPass = () => {
      const pass = threaded.createPass();
      team = new Team(threaded, pass, 2, 50);
      return pass;
    };
    const engine = new Engine(
      { ...threaded, memory, createPass },
      'simd',
      dimensionsOf(config, parts, 'fp32'),
    );
    engine.seal();
    expect(() => team!.run(() => engine.forward(request))).toThrow(
      'one of its threads has stopped',
    );
  });
});

describe('a model with threads', () => {
  it.each(floatVariants.filter(({ name }) => name !== 'debug'))(
    'says how many it has ($name)',
    async ({ name }) => {
      const variant = name as 'simd' | 'relaxed';
      const model = new MobileBertModel(smallConfig(), { variant, threads: 2, seed: 1 });
      expect(await model.info()).toMatchObject({ threads: 2, threads_obstacle: null });
      await model.dispose();
    },
  );

  it('whose module is not of a team says so', async () => {
    const wasm = await packageModule('simd');
    const model = new MobileBertModel(smallConfig(), { wasm, threads: 2, variant: 'simd' });
    expect(await model.info()).toMatchObject({
      threads: 1,
      threads_obstacle: 'the WebAssembly module has none',
    });
  });

  it('ends its threads when it is disposed, and when its weights are replaced', async () => {
    const start = threads.start;
    const members: Member[] = [];
    vi.spyOn(threads, 'start').mockImplementation(async (task) => {
      members.push(await start(task));
      return members.at(-1)!;
    });
    const model = new MobileBertModel(smallConfig(), { threads: 2, seed: 1 });
    const first = await model({ input_ids: [[1, 2, 3]] });
    await model.resize_token_embeddings(40);
    await members[0]!.ended;
    expect(members).toHaveLength(2);
    const second = await model({ input_ids: [[1, 2, 3]] });
    expect(second.last_hidden_state.data).toEqual(first.last_hidden_state.data);
    await model.dispose();
    await members[1]!.ended;
  });
});
