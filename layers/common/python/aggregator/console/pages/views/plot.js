// A plot of bars over time, stacked by group, in the colours of the page; the same numbers stand in a table beside it.
import { leaders, stacked } from "../days.js";
import { html, useEffect, useRef } from "../h.js";
import { language, t } from "../text.js";

// Colours that are told apart in both schemes, also by most who see few; the last is for all others together.
const COLOURS = ["#3f7de0", "#d9822b", "#2f9e6e", "#b659c9", "#c2a100", "#e05468", "#7f8b9e"];

// What may lie between two marks of the axis of time, in seconds: hours, then days.
const STEPS = [1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 672].map((hours) => hours * 3600);

const written = (value) => new Intl.NumberFormat(language(), { maximumSignificantDigits: 3 }).format(value);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// days: [{start, groups}]; measure as in days.js; `nameOf(group)` tells the groups apart, without it all are one.
export function Plot({ title, unit, days, measure, nameOf = () => "", utc = false }) {
  const box = useRef(null);
  const names = leaders(days, measure, nameOf, COLOURS.length - 1);
  const bars = stacked(days, measure, nameOf, names);
  const legend = [...names.shown, ...(names.rest.length ? [null] : [])];
  const paint = (at) => (legend[at] === null ? COLOURS.at(-1) : COLOURS[at]);
  useEffect(() => {
    const node = box.current;
    let plot;
    const draw = () => {
      if (!box.current) return; // the view is going, and its size is told once more
      plot?.destroy();
      plot = drawn(node, days.map((each) => each.start / 1000), bars, paint, utc);
    };
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const resized = new ResizeObserver(() => plot.width !== node.clientWidth && draw());
    dark.addEventListener("change", draw);
    resized.observe(node);
    return () => {
      plot.destroy();
      dark.removeEventListener("change", draw);
      resized.disconnect();
    };
  }, [JSON.stringify([days[0]?.start, bars]), language()]);
  const several = legend.length > 1;
  return html`<figure class="plot">
    <figcaption>${title}, ${unit}</figcaption>
    <div ref=${box} aria-hidden="true"></div>
    ${several && html`<ul class="legend">
      ${legend.map((name, at) => html`<li>
        <i style=${{ background: paint(at) }}></i>${name ?? t("others", { count: names.rest.length })}
      </li>`)}
    </ul>`}
  </figure>`;
}

function drawn(box, starts, bars, paint, utc) {
  const ink = colour("--quiet");
  const half = starts.length > 1 ? (starts[1] - starts[0]) / 2 : 1800; // room for whole bars at both ends
  const marks = STEPS.filter((each) => each >= Math.min(half * 2, 82_800));
  const axis = { stroke: ink, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const paths = uPlot.paths.bars({ size: [0.7, 40] });
  // The last bar is the highest: it is drawn first, and those before it over it.
  const look = { width: 0, paths, points: { show: false } };
  const series = bars.map((_, at) => ({ ...look, fill: paint(at), stroke: paint(at) }));
  const options = {
    width: box.clientWidth,
    height: 220,
    legend: { show: false },
    cursor: { show: false },
    tzDate: (at) => (utc ? uPlot.tzDate(new Date(at * 1000), "Etc/UTC") : new Date(at * 1000)),
    scales: {
      x: { time: true, range: (_, first, last) => [first - half, last + half] },
      y: { range: (_, least, most) => [0, most || 1] },
    },
    axes: [
      { ...axis, size: 30, incrs: marks, values: (_, ticks) => ticks.map((at) => tick(at, utc)) },
      { ...axis, size: 70, values: (_, ticks) => ticks.map(written) },
    ],
    series: [{}, ...series.reverse()],
  };
  return new uPlot(options, [starts, ...[...bars].reverse()], box);
}

function tick(at, utc) {
  const moment = new Date(at * 1000);
  const midnight = utc || (moment.getHours() === 0 && moment.getMinutes() === 0);
  const options = midnight ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language(), { ...options, ...(utc ? { timeZone: "UTC" } : {}) }).format(moment);
}
