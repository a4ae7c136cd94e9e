/**
 * Lines over a logarithmic axis as an SVG, the name of each at its end. A chart brings its own
 * paper, so that it reads the same on light and dark pages.
 */

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {'ours' | 'wasm' | 'native'} kind ours is drawn bold, native code dashed
 * @property {{ x: number, y: number }[]} points ascending in x
 *
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} subtitle what it was measured on
 * @property {string} axis what x counts
 * @property {readonly Line[]} lines the first one is drawn on top
 * @property {boolean} [isLinear] y from 0 up, in even steps; else logarithmic as x is
 * @property {readonly number[]} [ticks] on the x axis; default every x that a line has
 * @property {number} [height]
 */

const WIDTH = 760;
const PLOT = { left: 62, right: 484, top: 62, below: 56 };
const MIDDLE = (PLOT.left + PLOT.right) / 2;
/** Least distance of two labels. */
const LINE_HEIGHT = 19;
/** The wanted number of steps on a linear axis. */
const STEPS = 5;
/** [light, dark] colours: ours first, peers in their order. */
const COLOURS = [
  ['#0b57d0', '#8ab4f8'],
  ['#b3420a', '#ffa26b'],
  ['#8a5a00', '#f2c14e'],
  ['#1b7a3d', '#6dd58c'],
  ['#7a4fb5', '#c9a7ff'],
  ['#00757d', '#5fd3dc'],
  ['#a3305f', '#ff9cc2'],
];

/** @param {Chart} chart */
export function chart({ title, subtitle, axis, lines, isLinear = false, ticks, height = 460 }) {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))];
  const ys = lines.flatMap(({ points }) => points.map(({ y }) => y));
  const bottom = height - PLOT.below;
  const x = logarithmic(Math.min(...xs), Math.max(...xs), PLOT.left + 14, PLOT.right - 14);
  const [low, high] = isLinear
    ? [0, Math.max(...ys) * 1.08]
    : [Math.min(...ys) / 1.15, Math.max(...ys) * 1.15];
  const y = isLinear
    ? (value) => bottom + ((PLOT.top - bottom) * value) / high
    : logarithmic(low, high, bottom, PLOT.top);
  const ends = spread(lines.map(({ points }) => y(points.at(-1).y)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}"` +
      ` height="${height}" role="img" aria-label="${escapeText(`${title} over ${axis}`)}">`,
    style(lines.length),
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="8"/>`,
    `<text class="title" x="20" y="28">${escapeText(title)}</text>`,
    `<text class="small" x="20" y="47">${escapeText(subtitle)}</text>`,
    ...(isLinear ? evenSteps(high) : decades(low, high)).map((value) => gridLine(y(value), value)),
    ...(ticks ?? xs).map((value) => tick(x(value), value, bottom)),
    `<text class="small middle" x="${MIDDLE}" y="${height - 16}">${escapeText(axis)}</text>`,
    ...lines.map((line, i) => drawn(line, i, x, y, ends[i])).reverse(),
    '</svg>',
    '',
  ].join('\n');
}

/** A logarithmic map of [low, high] to [from, to]. */
function logarithmic(low, high, from, to) {
  const span = Math.log(high / low) || 1;
  return (value) => from + ((to - from) * Math.log(value / low)) / span;
}

/** 1, 2 and 5 times powers of ten in the range. */
function decades(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const digit of [1, 2, 5]) found.push(digit * 10 ** power);
  }
  return found.filter((value) => value >= low && value <= high);
}

/** 0 and multiples of 1, 2 or 5 times a power of ten. */
function evenSteps(high) {
  const rough = high / STEPS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((digit) => digit * power >= rough) ?? 10);
  return Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step);
}

/** Moves heights apart to at least LINE_HEIGHT, in order and as little as possible. */
function spread(heights) {
  const order = heights.map((_, i) => i).sort((a, b) => heights[a] - heights[b]);
  /** @type {{ members: number[], centre: number }[]} */
  const groups = [];
  for (const i of order) {
    groups.push({ members: [i], centre: heights[i] });
    while (groups.length > 1 && overlap(groups.at(-2), groups.at(-1))) {
      const members = [...groups.at(-2).members, ...groups.at(-1).members];
      const centre = members.reduce((sum, member) => sum + heights[member], 0) / members.length;
      groups.splice(-2, 2, { members, centre });
    }
  }
  const placed = [];
  for (const { members, centre } of groups) {
    const first = centre - ((members.length - 1) * LINE_HEIGHT) / 2;
    members.forEach((member, place) => {
      placed[member] = first + place * LINE_HEIGHT;
    });
  }
  return placed;
}

function overlap(above, below) {
  const room = ((above.members.length + below.members.length) / 2) * LINE_HEIGHT;
  return below.centre - above.centre < room;
}

function gridLine(y, value) {
  const label = Number(value.toPrecision(2));
  return (
    `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at(y)}" y2="${at(y)}"/>` +
    `<text class="small end" x="${PLOT.left - 8}" y="${at(y + 4)}">${label}</text>`
  );
}

function tick(x, value, bottom) {
  return (
    `<line class="grid" x1="${at(x)}" x2="${at(x)}" y1="${PLOT.top}" y2="${bottom}"/>` +
    `<text class="small middle" x="${at(x)}" y="${bottom + 18}">${value}</text>`
  );
}

function drawn({ label, kind, points }, i, x, y, end) {
  const places = points.map((point) => ({ cx: at(x(point.x)), cy: at(y(point.y)) }));
  const path = places.map(({ cx, cy }) => `${cx},${cy}`);
  const radius = kind === 'ours' ? 4 : 3;
  const dots = places.map(
    ({ cx, cy }) => `<circle class="dot" cx="${cx}" cy="${cy}" r="${radius}"/>`,
  );
  const leader = `${path.at(-1)} ${PLOT.right},${at(end)} ${PLOT.right + 8},${at(end)}`;
  const last = shown(points.at(-1).y);
  return [
    `<g class="c${i} ${kind}">`,
    `<polyline class="line" points="${path.join(' ')}"/>`,
    ...dots,
    `<polyline class="leader" points="${leader}"/>`,
    `<text x="${PLOT.right + 13}" y="${at(end + 4.5)}">${escapeText(label)} · ${last}</text>`,
    '</g>',
  ].join('');
}

/** A value with two or three digits. */
function shown(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : Number(value.toPrecision(2)).toString();
}

function style(count) {
  const colours = (shade) =>
    Array.from({ length: count }, (_, i) => {
      const colour = COLOURS[i % COLOURS.length][shade];
      return `.c${i}{--ink:${colour}}`;
    }).join('');
  return [
    '<style>',
    'text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--ink)}',
    'svg{--paper:#fff;--text:#1f2328;--faint:#59636e;--rule:#e4e7eb}',
    '.paper{fill:var(--paper)}.title{font-size:16px;font-weight:600;fill:var(--text)}',
    '.small{font-size:12px;fill:var(--faint)}.end{text-anchor:end}.middle{text-anchor:middle}',
    '.grid{stroke:var(--rule)}.line{fill:none;stroke:var(--ink);stroke-width:1.6}',
    '.leader{fill:none;stroke:var(--ink);opacity:.5}.dot{fill:var(--ink)}',
    '.native .line{stroke-dasharray:5 4}.ours .line{stroke-width:3}.ours text{font-weight:700}',
    colours(0),
    '@media(prefers-color-scheme:dark){',
    'svg{--paper:#0d1117;--text:#e6edf3;--faint:#9da7b3;--rule:#262d36}',
    colours(1),
    '}</style>',
  ].join('');
}

function at(value) {
  return Number(value.toFixed(1));
}

function escapeText(text) {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
