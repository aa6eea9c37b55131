// Draws the charts of the overview, and keeps them, their tables and the figures up to date.
"use strict";
{
  const HEIGHT = 190;
  const KEPT_TICKS = 6;
  // Axes of seconds are logarithmic: an order that was held takes a thousand times as long as the others.
  const TICKS_OF_SECONDS = [
    0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800,
    432000, 864000, 2592000, 31536000,
  ];
  const LEAST_SECONDS = TICKS_OF_SECONDS[0];

  const root = document.documentElement;
  const overview = document.getElementById("overview");
  const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
  const dayAndClock = new Intl.DateTimeFormat(undefined, {
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const charts = [...overview.querySelectorAll("[data-chart]")].map((figure) => new Chart(figure));
  let look = null;
  let isFetching = false;
  let isOutdated = false;

  /** One figure of the page: its chart, legend, table and words. */
  function Chart(figure) {
    const plot = figure.querySelector(".plot");
    const readout = figure.querySelector(".readout");
    const details = figure.querySelector("details");
    const names = [...figure.querySelectorAll(".legend .name")].map((name) => name.textContent);
    const isStacked = figure.dataset.kind === "bars";
    const isSeconds = figure.dataset.unit === "seconds";
    const write = isSeconds ? secondsText : (value) => numbers.format(value);
    let drawn = null;
    let chosenTime = null;

    details.addEventListener("toggle", fillTable);
    plot.addEventListener("keydown", moveCursor);
    plot.addEventListener("blur", () => {
      chosenTime = null;
      drawn?.setCursor({ left: -10, top: -10 }, true, true);
    });
    new ResizeObserver(() => drawn?.setSize({ width: plot.clientWidth, height: HEIGHT })).observe(plot);

    /** Show what was read. */
    this.update = () => {
      const found = look.charts[figure.dataset.chart];
      figure.querySelector(".sentence").textContent = found.sentence;
      figure.querySelector(".nothing").hidden = !found.isEmpty;
      figure.querySelectorAll(".legend b").forEach((figure_, index) => (figure_.textContent = found.figures[index]));
      plot.setAttribute("aria-valuemax", look.times.length - 1);
      if (drawn) drawn.setData(columns(found.values));
      else this.redraw();
      if (chosenTime !== null) choose(nearest(chosenTime));
      else describe(drawn.cursor.idx);
      fillTable();
    };

    /** Draw it anew, for example in the colours of the other theme. */
    this.redraw = () => {
      drawn?.destroy();
      drawn = new uPlot(options(), columns(look.charts[figure.dataset.chart].values), plot);
    };

    function columns(values) {
      if (!isStacked) return [look.times, ...values.map((each) => each.map(isSeconds ? onLogarithmicAxis : same))];
      // The first part of each bar is at the bottom, and covers the taller ones of the parts above it.
      const tops = values.map((each, part) =>
        each.map((value, at) => (value ? sum(values.slice(0, part + 1).map((below) => below[at])) : null)),
      );
      return [look.times, ...tops.reverse()];
    }

    function options() {
      const colours = themeColours();
      const swatches = [...figure.querySelectorAll(".swatch")];
      const series = swatches.map((swatch, index) => line(names[index], swatch, colours));
      const grid = { stroke: colours.grid, width: 1 };
      const axis = { stroke: colours.text, font: colours.font, grid, ticks: { show: false } };
      return {
        width: plot.clientWidth,
        height: HEIGHT,
        padding: [10, 26, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          drag: { x: false, y: false },
          sync: { key: "overview" },
          points: { show: !isStacked, size: 7 },
          move: (chart, left, top) => [left < 0 ? left : middleOfBucket(chart, left), top],
        },
        scales: { x: { time: true, range: () => [look.from, look.to] }, y: isSeconds ? logarithmic() : fromZero() },
        series: [{}, ...(isStacked ? series.reverse() : series)],
        axes: [
          {
            ...axis,
            grid: { show: false },
            space: 60,
            size: 28,
            values: (_, times) => times.map((time) => clock.format(time * 1000)),
          },
          isSeconds
            ? { ...axis, size: 58, splits: (_, __, low, high) => ticksBetween(low, high), filter: (_, ticks) => ticks, values: (_, ticks) => ticks.map(tickText) }
            : { ...axis, size: 58, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5], values: (_, ticks) => ticks.map(write) },
        ],
        hooks: { setCursor: [(chart) => describe(chart.cursor.idx)] },
      };
    }

    function line(label, swatch, colours) {
      const colour = getComputedStyle(swatch).color;
      if (!isStacked) {
        const dash = swatch.dataset.mark.split(" ").filter(Boolean).map(Number);
        const points = { show: true, size: 5, width: 0, fill: colour, filter: alone };
        return { label, stroke: colour, width: 2, dash, spanGaps: false, points };
      }
      return {
        label,
        stroke: colour,
        width: 1,
        fill: pattern(swatch.dataset.mark, colour, colours.ground),
        paths: uPlot.paths.bars({ size: [0.8, 24] }),
        points: { show: false },
      };
    }

    /** Say what the chart has at a time; null ends it. */
    function describe(index) {
      const values = look.charts[figure.dataset.chart].values;
      const sentence = look.charts[figure.dataset.chart].sentence;
      const isShown = index !== null && index !== undefined && look.times[index] !== undefined;
      readout.textContent = isShown
        ? `${bucketTime(index)}: ${names.map((name, at) => `${name} ${cell(values[at][index])}`).join(", ")}`
        : "";
      plot.setAttribute("aria-valuenow", isShown ? index : look.times.length - 1);
      plot.setAttribute("aria-valuetext", isShown ? readout.textContent : sentence);
    }

    function moveCursor(event) {
      if (!drawn || event.ctrlKey || event.metaKey || event.altKey) return;
      const last = look.times.length - 1;
      const at = chosenTime === null ? last + 1 : nearest(chosenTime);
      const next = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowDown: at - 1, ArrowUp: at + 1, Home: 0, End: last, PageDown: at - 10, PageUp: at + 10 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      choose(Math.min(last, Math.max(0, next)));
    }

    function choose(index) {
      chosenTime = look.times[index];
      // The other charts show the same time.
      drawn.setCursor({ left: drawn.valToPos(chosenTime, "x"), top: 1 }, true, true);
    }

    function fillTable() {
      if (!details.open || !look) return;
      const values = look.charts[figure.dataset.chart].values;
      const rows = look.times.map((_, index) => {
        const row = document.createElement("tr");
        row.append(headerCell(index), ...values.map((each) => numberCell(cell(each[index]))));
        return row;
      });
      details.querySelector("tbody").replaceChildren(...rows.reverse());
    }

    function cell(value) {
      return value === null || value === undefined ? "-" : write(value);
    }
  }

  function headerCell(index) {
    const time = document.createElement("time");
    time.dateTime = new Date((look.times[index] - look.bucketSeconds / 2) * 1000).toISOString();
    time.dataset.local = "";
    time.textContent = bucketTime(index);
    const header = document.createElement("th");
    header.scope = "row";
    header.append(time);
    return header;
  }

  function numberCell(text) {
    const made = document.createElement("td");
    made.className = "number";
    made.textContent = text;
    return made;
  }

  /** Return when a bucket begins, in the reader's zone; with its day when that is not today. */
  function bucketTime(index) {
    const from = new Date((look.times[index] - look.bucketSeconds / 2) * 1000);
    return (from.toDateString() === new Date().toDateString() ? clock : dayAndClock).format(from);
  }

  function nearest(time) {
    const index = Math.round((time - look.times[0]) / look.bucketSeconds);
    return Math.min(look.times.length - 1, Math.max(0, index));
  }

  function middleOfBucket(chart, left) {
    return chart.valToPos(look.times[nearest(chart.posToVal(left, "x"))], "x");
  }

  function fromZero() {
    return { range: (_, low, high) => [0, Math.max(4, Math.ceil((high ?? 0) * 1.1))] };
  }

  function logarithmic() {
    const range = (_, low, high) => {
      if (low === null || high === null) return [0.1, 10];
      const below = TICKS_OF_SECONDS.filter((tick) => tick <= low).at(-1) ?? LEAST_SECONDS;
      const above = TICKS_OF_SECONDS.find((tick) => tick >= high && tick > below) ?? high;
      return [below, above];
    };
    return { distr: 3, log: 10, range };
  }

  function ticksBetween(low, high) {
    const ticks = TICKS_OF_SECONDS.filter((tick) => tick >= low && tick <= high);
    const step = Math.ceil(ticks.length / KEPT_TICKS);
    return ticks.filter((_, index) => index % step === 0);
  }

  function onLogarithmicAxis(seconds) {
    return seconds === null ? null : Math.max(LEAST_SECONDS, seconds);
  }

  /** Return the values without neighbours: no line leads to them. */
  function alone(chart, series) {
    const values = chart.data[series];
    const isThere = (index) => values[index] !== null && values[index] !== undefined;
    return [...values.keys()].filter((index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1));
  }

  function same(value) {
    return value;
  }

  function sum(values) {
    return values.reduce((total, value) => total + value, 0);
  }

  /** Write a duration as the server does: 85 ms, 4.2 s, 3 min, 2 h 5 min. */
  function secondsText(seconds) {
    if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
  }

  function tickText(seconds) {
    return seconds >= 1 && seconds < 60 ? `${seconds} s` : secondsText(seconds);
  }

  function themeColours() {
    const style = getComputedStyle(overview.querySelector(".plot"));
    return {
      text: style.color,
      grid: style.borderBottomColor,
      ground: style.backgroundColor,
      font: `12px ${style.fontFamily}`,
    };
  }

  /** Return the fill of a part of a bar; overview.css has the same patterns for the legend. */
  function pattern(mark, colour, ground) {
    if (mark === "solid") return colour;
    const scale = devicePixelRatio;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6 * scale;
    const context = tile.getContext("2d");
    context.scale(scale, scale);
    context.fillStyle = ground;
    context.fillRect(0, 0, 6, 6);
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    if (mark === "hatch") for (const x of [-6, 0, 6]) context.moveTo(x - 1, 7), context.lineTo(x + 7, -1);
    else if (mark === "bars") context.fillRect(0, 0, 6, 3);
    else context.arc(3, 3, 1.6, 0, 2 * Math.PI), context.fill();
    if (mark === "hatch") context.stroke();
    return context.createPattern(tile, "repeat");
  }

  /** Read the figures; once more when something changed meanwhile. */
  async function read() {
    if (isFetching) {
      isOutdated = true;
      return;
    }
    isFetching = true;
    try {
      const response = await fetch(overview.dataset.address);
      if (!response.ok) return;
      look = await response.json();
      show();
    } catch {
      // The events say when the console responds again.
    } finally {
      isFetching = false;
    }
    if (isOutdated) {
      isOutdated = false;
      await read();
    }
  }

  function show() {
    const shown = overview.querySelector(".charts");
    shown.hidden = look.isEmpty;
    document.getElementById("no-orders").hidden = !look.isEmpty;
    for (const [key, figure] of Object.entries(look.figures)) {
      const tile = overview.querySelector(`[data-figure="${key}"]`);
      setText(tile.querySelector("strong"), figure.value);
      setText(tile.querySelector(".note"), figure.note);
      if (figure.address) tile.querySelector(".note").href = figure.address;
      else tile.querySelector(".note").removeAttribute("href");
    }
    setText(
      document.getElementById("missing"),
      look.missingBefore ? `Incomplete before ${momentText(look.missingBefore)}: ${look.whyMissing}.` : "",
    );
    for (const chart of charts) chart.update();
  }

  /** Change a text only when it differs: a screen reader reads a status again whenever it is set. */
  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function momentText(text) {
    const moment = new Date(text);
    return (moment.toDateString() === new Date().toDateString() ? timeOnly : dateTime).format(moment);
  }

  function redraw() {
    if (look) for (const chart of charts) chart.redraw();
  }

  document.addEventListener("htmx:sseMessage", (event) => {
    if (event.detail.type === "overview") read();
  });
  document.addEventListener("htmx:sseOpen", read);
  new MutationObserver(redraw).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  read();
}
