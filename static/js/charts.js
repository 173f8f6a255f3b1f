// <table data-chart> is drawn above itself by Chart.js: <th data-series> are the series, <td data-value> the numbers, and
// each mark leads where its cell does, by a click, or by the arrow keys and Enter. The table is folded then; paper has it.

const { Chart } = window;
const root = document.documentElement;
// Minutes that an axis of lengths names, as far apart on it as they are times each other.
const LENGTHS = [1, 5, 15, 60, 240, 1440, 10080, 43200];
const SERIES = {
  sev1: "--sev1", sev2: "--sev2", sev3: "--sev3", sev4: "--sev4", unknown: "--edge", neutral: "--edge",
  accent: "--accent", late: "--late", warn: "--sev2", ok: "--ok",
};
const drawn = new Map();

const colour = (name) => {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
};

const lengthOf = (minutes) => {
  const words = document.getElementById("words")?.dataset ?? { d: "d", h: "h", min: "min" };
  if (minutes < 60) return `${minutes} ${words.min}`;
  return minutes < 1440 ? `${minutes / 60} ${words.h}` : `${minutes / 1440} ${words.d}`;
};

// A number of a cell with what a mark of it says and where it leads.
const markOf = (cell, label) => ({
  value: cell?.dataset.value === undefined ? null : Number(cell.dataset.value),
  text: `${label}: ${cell?.textContent.trim() ?? ""}`,
  url: cell?.querySelector("a")?.href ?? "",
});

const read = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const series = heads
    .map((head, place) => ({ name: head.dataset.series, label: head.textContent.trim(), place }))
    .filter((each) => each.name);
  return { rows, labels: rows.map((row) => row.cells[0].textContent.trim()), series };
};

const dataset = (label, marks, more) => ({ label, marks, data: marks.map((mark) => mark.value), ...more });

const bars = (table) => {
  const { rows, labels, series } = read(table);
  const datasets = series.map(({ name, label, place }) =>
    dataset(label, rows.map((row) => markOf(row.cells[place], label)), { backgroundColor: colour(SERIES[name]), maxBarThickness: 28 }));
  return { labels, datasets };
};

// A box from the lower to the upper quartile with the median in it, or a dot for each incident where they are few.
const boxes = (table) => {
  const { rows, labels, series } = read(table);
  const place = Object.fromEntries(series.map((each) => [each.name, each.place]));
  const label = Object.fromEntries(series.map((each) => [each.name, each.label]));
  const spread = rows.map((row) => (row.cells.length > place.upper + 1 ? row : null));
  const least = (value) => (value === null ? null : Math.max(value, 1));
  const quartiles = spread.map((row) => {
    if (!row || row.querySelector(".few")) return { value: null, text: "", url: "" };
    const [low, high] = ["lower", "upper"].map((name) => markOf(row.cells[place[name]], label[name]));
    return { value: [least(low.value), least(high.value)], text: `${low.text}, ${high.text}`, url: low.url };
  });
  const medians = spread.map((row) => {
    const mark = row ? markOf(row.cells[place.median], label.median) : { value: null, text: "", url: "" };
    return { ...mark, value: least(mark.value) };
  });
  const few = rows.flatMap((row, at) => [...row.querySelectorAll(".few li")].map((item) => ({
    x: labels[at], y: least(Number(item.dataset.value)), text: item.textContent.trim(), url: item.querySelector("a").href,
  })));
  const dots = { type: "line", showLine: false, pointRadius: 5, pointHoverRadius: 7, pointHitRadius: 8 };
  return {
    labels,
    datasets: [
      dataset(label.median, medians, { ...dots, pointStyle: "rectRot", backgroundColor: colour("--ink"), borderColor: colour("--surface") }),
      { label: "", marks: few, data: few, ...dots, backgroundColor: colour("--accent"), borderColor: colour("--surface") },
      dataset("", quartiles, { type: "bar", backgroundColor: colour("--ph-diagnosing"), maxBarThickness: 36 }),
    ],
  };
};

const scaleOf = (unit, data) => {
  const scale = { beginAtZero: true, grid: { color: colour("--line") }, ticks: { color: colour("--ink-2"), precision: 0 }, border: { display: false } };
  if (unit === "percent") Object.assign(scale, { max: 100, ticks: { ...scale.ticks, callback: (value) => `${value} %` } });
  if (unit !== "minutes") return scale;
  const values = data.datasets.flatMap((each) => each.data.map((value) => value?.y ?? value)).flat().filter(Number.isFinite);
  const least = Math.min(...values);
  return {
    ...scale,
    type: "logarithmic",
    min: LENGTHS.findLast((minutes) => minutes < least) ?? 1,
    ticks: { ...scale.ticks, autoSkip: false, callback: lengthOf },
    afterBuildTicks: (axis) => { axis.ticks = LENGTHS.filter((minutes) => minutes >= axis.min && minutes <= axis.max).map((value) => ({ value })); },
  };
};

const settings = (table) => {
  const kind = table.dataset.chart;
  const lies = kind === "bars" || kind === "stacked-bars";
  const stacked = kind.startsWith("stacked");
  const names = { stacked, grid: { display: false }, ticks: { color: colour("--ink-2"), autoSkip: !lies }, border: { color: colour("--line") } };
  const data = kind === "boxes" ? boxes(table) : bars(table);
  const numbers = { ...scaleOf(table.dataset.unit, data), stacked };
  return {
    type: "bar",
    data,
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: lies ? "y" : "x",
      scales: lies ? { x: numbers, y: names } : { x: names, y: numbers },
      plugins: {
        legend: { display: kind !== "boxes" && data.datasets.length > 1, labels: { color: colour("--ink"), boxWidth: 12, boxHeight: 12 } },
        tooltip: {
          displayColors: false,
          filter: (item) => item.raw !== null,
          callbacks: { label: (item) => item.dataset.marks[item.dataIndex].text },
        },
      },
      onHover: (event, marks) => { event.native.target.classList.toggle("is-pointing", marks.some(urlOf.bind(null, data))); },
      onClick: (_event, marks) => open(marks.map((mark) => urlOf(data, mark)).find(Boolean)),
    },
  };
};

const urlOf = (data, mark) => data.datasets[mark.datasetIndex].marks[mark.index].url;
const open = (url) => { if (url) location.assign(url); };

// Marks that lead somewhere, from the first label on.
const walkable = (data) => data.datasets
  .flatMap((each, datasetIndex) => each.marks.map((mark, index) => ({ datasetIndex, index, mark, at: mark.x ? data.labels.indexOf(mark.x) : index })))
  .filter(({ mark }) => mark.url && (mark.value ?? mark.y) !== null)
  .sort((one, other) => one.at - other.at);

const walk = (chart, canvas, said) => {
  let place = -1;
  canvas.addEventListener("keydown", (event) => {
    const marks = walkable(chart.data);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && place >= 0) open(marks[place]?.mark.url);
    if (!step || !marks.length) return;
    event.preventDefault();
    place = (place + step + marks.length) % marks.length;
    const { datasetIndex, index, mark, at } = marks[place];
    chart.setActiveElements([{ datasetIndex, index }]);
    chart.tooltip.setActiveElements([{ datasetIndex, index }], { x: 0, y: 0 });
    chart.update("none");
    said.textContent = `${chart.data.labels[at]}, ${mark.text}`;
  });
};

const draw = (table) => {
  const fold = table.closest("details");
  const frame = document.createElement("div");
  frame.className = "chart";
  const lies = ["bars", "stacked-bars"].includes(table.dataset.chart);
  if (lies) frame.style.height = `${table.tBodies[0].rows.length * 26 + 70}px`;
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-labelledby", table.getAttribute("aria-labelledby"));
  const said = document.createElement("p");
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  frame.append(canvas, said);
  fold.before(frame);
  fold.open = false;
  const chart = new Chart(canvas, settings(table));
  drawn.set(table, chart);
  walk(chart, canvas, said);
};

const repaint = () => {
  for (const [table, chart] of drawn) {
    Object.assign(chart, { options: settings(table).options, data: settings(table).data });
    chart.update("none");
  }
};

if (Chart) {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 13;
  for (const table of document.querySelectorAll("table[data-chart]")) draw(table);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(root, { attributeFilter: ["data-scheme"] });
}

// On paper the tables stand in place of their charts.
const folds = () => document.querySelectorAll("details.chart-table:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...folds()];
  for (const fold of opened) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of opened) fold.open = false;
});
