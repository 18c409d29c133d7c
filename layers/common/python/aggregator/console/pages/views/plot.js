// A plot of numbers over time, in the colours of the page; the same numbers stand in a table beside it.
import { html, useEffect, useRef } from "../h.js";
import { language } from "../text.js";

const written = (value) => new Intl.NumberFormat(language(), { maximumSignificantDigits: 3 }).format(value);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const STEP = { hour: 3600, day: 86400 };

// What was spent in each hour or day of the range: also in those in which nothing was asked.
export function points({ from, to, granularity, series }) {
  const spent = new Map(series.map((each) => [Date.parse(each.start) / 1000, each.groups.reduce((total, group) => total + Number(group.cost), 0)]));
  const step = STEP[granularity];
  const found = [];
  for (let at = Math.floor(Date.parse(from) / 1000 / step) * step; at < Date.parse(to) / 1000; at += step) found.push([at, spent.get(at) ?? 0]);
  return found;
}

export function Plot({ title, points, unit }) {
  const box = useRef(null);
  useEffect(() => {
    const draw = () => {
      box.current.replaceChildren();
      const ink = colour("--quiet");
      const half = points.length > 1 ? (points[1][0] - points[0][0]) / 2 : 1800; // room for whole bars at both ends
      const axis = { stroke: ink, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
      return new uPlot(
        {
          width: box.current.clientWidth,
          height: 220,
          legend: { show: false },
          cursor: { show: false },
          scales: { x: { time: true, range: (_, first, last) => [first - half, last + half] }, y: { range: (_, least, most) => [0, most || 1] } },
          axes: [axis, { ...axis, size: 90, values: (_, ticks) => ticks.map(written) }],
          series: [{}, { stroke: colour("--accent"), fill: colour("--accent-soft"), width: 2, paths: uPlot.paths.bars({ size: [0.7, 40] }), points: { show: false } }],
        },
        [points.map(([at]) => at), points.map(([, value]) => value)],
        box.current,
      );
    };
    let plot = draw();
    const redraw = () => {
      plot.destroy();
      plot = draw();
    };
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw);
    addEventListener("resize", redraw);
    return () => {
      plot.destroy();
      dark.removeEventListener("change", redraw);
      removeEventListener("resize", redraw);
    };
  }, [JSON.stringify(points)]);
  return html`<figure class="plot"><figcaption>${title}, ${unit}</figcaption><div ref=${box} aria-hidden="true"></div></figure>`;
}
