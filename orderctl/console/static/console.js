// Times in the reader's zone, the keyboard, the theme, and live rows.
"use strict";
{
  const root = document.documentElement;
  const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

  /** Show every time in the reader's zone; UTC stays on hover. */
  function localizeTimes(within) {
    for (const element of within.querySelectorAll("time[datetime]:not([data-local])")) {
      const moment = new Date(element.dateTime);
      const today = moment.toDateString() === new Date().toDateString();
      element.textContent = (today ? timeOnly : dateTime).format(moment);
      element.dataset.local = "";
    }
    for (const input of within.querySelectorAll("input[data-utc]")) {
      if (input.dataset.utc && !input.value) input.value = localInput(new Date(input.dataset.utc));
    }
  }

  /** Name the cells of a table: on a phone, where each row is a card, they stand without their column. */
  function nameCells(within) {
    for (const table of within.querySelectorAll("table.list:not(.orders)")) {
      const names = [...table.querySelectorAll(":scope > thead th")].map((head) => head.querySelector(".sr-only") ? "" : head.textContent.trim());
      for (const cell of table.querySelectorAll(":scope > tbody td:not([data-label])")) {
        if (names[cell.cellIndex]) cell.dataset.label = names[cell.cellIndex];
      }
    }
  }

  /** Finish what the server has sent. */
  function complete(within) {
    localizeTimes(within);
    nameCells(within);
    reachCode(within);
  }

  /** Let the keyboard reach code that is scrolled. */
  function reachCode(within) {
    for (const code of within.querySelectorAll("pre:not([tabindex])")) {
      if (code.scrollHeight > code.clientHeight || code.scrollWidth > code.clientWidth) code.tabIndex = 0;
    }
  }

  /** Write a time as an input of type datetime-local has it: in the reader's zone, without its name. */
  function localInput(moment) {
    const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60000);
    return shifted.toISOString().slice(0, 16);
  }

  // The address has UTC, so that it means the same to everybody.
  document.addEventListener("htmx:configRequest", (event) => {
    const parameters = event.detail.parameters;
    for (const name of ["since", "until"]) {
      if (parameters[name]) parameters[name] = new Date(parameters[name]).toISOString();
      else if (parameters[name] === "") delete parameters[name];
    }
    for (const name of ["status", "customer"]) if (parameters[name] === "") delete parameters[name];
  });

  /** Put the rows of changed orders in their places: over the old one, or among the others by time. */
  function placeRows(html) {
    const list = document.getElementById("order-rows");
    if (!list) return;
    const parsed = document.createElement("template");
    parsed.innerHTML = html;
    const rows = parsed.content.querySelector("template");
    for (const row of rows ? [...rows.content.children] : []) {
      row.id = `order-${row.dataset.order}`;
      const present = document.getElementById(row.id);
      localizeTimes(row);
      if (present) changeRow(present, row);
      else if (row.dataset.fits === "yes") insertByTime(list, row);
    }
    if (list.querySelector("tr[id]")) document.getElementById("no-orders")?.remove();
  }

  /** Change the cells and keep the row, so that the focus and a click that has begun stay in it. */
  function changeRow(present, row) {
    if (row.dataset.fits === "no") {
      if (present.contains(document.activeElement)) moveFocus(1);
      present.remove();
      return;
    }
    for (const [index, cell] of [...row.children].entries()) {
      const old = present.children[index];
      if (old.innerHTML !== cell.innerHTML && !old.contains(document.activeElement)) old.replaceWith(cell);
    }
  }

  // The browser lays out only the parts of the list that are in sight.
  const MOST_OF_A_PART = 100;

  function insertByTime(list, row) {
    const parts = [...list.tBodies].filter((part) => part.classList.contains("part"));
    const later = laterRow(parts, row.dataset.created);
    // Orders older than the last row come when the reader gets there.
    if (!later && list.querySelector(".older")) return;
    row.classList.add("new");
    if (!later) parts.at(-1).append(row);
    else if (later === parts[0].rows[0] && parts[0].rows.length >= MOST_OF_A_PART) {
      const part = parts[0].cloneNode();
      parts[0].before(part);
      part.append(row);
    } else later.before(row);
  }

  /** Return the first row of an order that is not newer. */
  function laterRow(parts, created) {
    for (const part of parts) {
      for (const row of part.rows) {
        if ((row.dataset.created ?? row.querySelector("time").dateTime) <= created) return row;
      }
    }
    return null;
  }

  // What the person reads stays where it is: the row with the focus, that under the pointer, or the first in sight.
  let held = null;

  function holdPlace() {
    const list = document.getElementById("order-rows");
    const top = document.querySelector(".top").getBoundingClientRect().bottom;
    const row =
      document.activeElement?.closest("#order-rows tr[id]") ??
      document.querySelector("#order-rows tr[id]:hover") ??
      (list && list.getBoundingClientRect().top < top ? rowAt(list, top) : null);
    held = row && { row, top: row.getBoundingClientRect().top };
  }

  function keepPlace() {
    if (held?.row.isConnected) window.scrollBy(0, held.row.getBoundingClientRect().top - held.top);
    held = null;
  }

  /** Return the first row that is whole below this height of the window. */
  function rowAt(list, top) {
    const isInSight = (element) => element.getBoundingClientRect().bottom > top;
    const part = [...list.tBodies].find(isInSight);
    const rows = [...(part?.rows ?? [])];
    return rows.find((row) => row.getBoundingClientRect().top >= top) ?? rows.findLast(isInSight) ?? null;
  }

  // The focus stays on the link, when the part of the page that it is in is replaced.
  let focused = null;

  function holdFocus() {
    const element = document.activeElement;
    const part = element?.closest("main [id]")?.id;
    const href = element?.getAttribute("href");
    focused = part && href ? { element, find: `#${CSS.escape(part)} a[href="${CSS.escape(href)}"]` } : null;
  }

  function keepFocus() {
    if (focused && !focused.element.isConnected) document.querySelector(focused.find)?.focus({ preventScroll: true });
    focused = null;
  }

  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    holdFocus();
    if (event.detail.type === "orders") holdPlace();
  });
  document.addEventListener("htmx:sseMessage", (event) => {
    keepFocus();
    if (event.detail.type !== "orders") return;
    placeRows(event.detail.data);
    keepPlace();
  });

  // Back, and a reload, show the list as it was: as many orders as were read, and the same ones in sight.
  let opened = "";
  const placeKey = () => `place ${location.pathname}${location.search}`;

  function notePlace() {
    const list = document.getElementById("order-rows");
    if (!list) return;
    const row = window.scrollY > 0 ? rowAt(list, document.querySelector(".top").getBoundingClientRect().bottom) : null;
    const place = { y: window.scrollY, row: row?.id, top: row?.getBoundingClientRect().top, opened };
    sessionStorage.setItem(placeKey(), JSON.stringify(place));
    sessionStorage.setItem("list", globalThis.navigation?.currentEntry.key ?? "");
  }

  async function restorePlace() {
    const kept = sessionStorage.getItem(placeKey());
    const [how] = performance.getEntriesByType("navigation");
    if (!kept || !document.getElementById("order-rows") || how.type === "navigate") return;
    const place = JSON.parse(kept);
    history.scrollRestoration = "manual";
    while (place.row && !document.getElementById(place.row)) {
      const older = document.querySelector("#order-rows .older");
      if (!older) break;
      await htmx.ajax("GET", older.getAttribute("hx-get"), { target: older, swap: "outerHTML settle:0ms" });
      if (older.isConnected) break;
    }
    document.getElementById(place.opened)?.querySelector("a.row").focus({ preventScroll: true });
    const row = place.row && document.getElementById(place.row);
    if (row) window.scrollBy(0, row.getBoundingClientRect().top - place.top);
    else window.scrollTo(0, place.y);
  }

  document.addEventListener("scrollend", notePlace);
  document.addEventListener("htmx:beforeRequest", notePlace);
  window.addEventListener("pagehide", notePlace);
  window.addEventListener("load", restorePlace);

  document.addEventListener("htmx:sseError", () => say("The console does not respond. It tries again."));
  document.addEventListener("htmx:responseError", (event) => {
    const text = event.detail.xhr.responseText;
    const parsed = new DOMParser().parseFromString(text, "text/html");
    say(parsed.querySelector("h1")?.textContent ?? text);
  });

  // A state of the picture is chosen like its row of the timeline.
  const rowOf = (number) => document.querySelector(`.timeline a[data-run="${CSS.escape(number)}"]`);

  /** Mark the chosen state, in the picture and in the timeline. */
  function markChosen() {
    const chosen = document.querySelector("#state [data-chosen-run]")?.dataset.chosenRun;
    for (const element of document.querySelectorAll("#order [data-run]")) {
      element.classList.toggle("selected", element.dataset.run === chosen);
    }
  }

  function chooseState(event) {
    const state = event.target.closest?.("svg [data-run]");
    if (!state) return;
    event.preventDefault();
    rowOf(state.dataset.run)?.click();
  }

  document.addEventListener("click", chooseState);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") chooseState(event);
  });

  // A live picture replaces the old one: the focus stays on the same state.
  let focusedRun;
  document.addEventListener("htmx:sseBeforeMessage", () => {
    const state = document.activeElement?.closest?.("#order [data-run]");
    focusedRun = state && { run: state.dataset.run, inPicture: Boolean(state.closest("svg")) };
  });
  document.addEventListener("htmx:afterSettle", markChosen);

  // What is known of the chosen state grows while it runs.
  let chosenShown;
  function refreshChosen() {
    const row = document.querySelector("#order .timeline a.selected")?.closest("tr");
    const shown = row?.textContent;
    if (row && chosenShown && shown !== chosenShown) {
      htmx.ajax("GET", row.querySelector("a.row").getAttribute("hx-get"), { target: "#state", swap: "innerHTML" });
    }
    chosenShown = shown;
  }

  // On a narrow page the chosen state is below the picture.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "state" || !event.detail.requestConfig?.triggeringEvent) return;
    if (matchMedia("(max-width: 1100px)").matches) event.target.scrollIntoView();
  });
  document.addEventListener("htmx:sseMessage", (event) => {
    // The orders of before have gone: a local cloud began anew.
    if (event.detail.data?.includes("<template data-reload>")) location.reload();
    markChosen();
    refreshChosen();
    if (!focusedRun) return;
    const within = focusedRun.inPicture ? "#order svg" : "#order .timeline";
    document.querySelector(`${within} [data-run="${focusedRun.run}"]`)?.focus();
  });

  /** Say something to who sees the page and to who hears it. */
  function say(words) {
    const problem = document.getElementById("problem");
    if (problem) problem.textContent = words;
  }

  /** Move the focus among the rows of the page. */
  function moveFocus(by) {
    const rows = [...document.querySelectorAll("a.row")];
    let at = rows.indexOf(document.activeElement);
    if (at < 0 && by < 0) at = rows.length;
    do at += by;
    while (rows[at] && !rows[at].checkVisibility());
    rows[at]?.focus({ preventScroll: true });
    rows[at]?.scrollIntoView({ block: "nearest" });
  }

  const keys = {
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    "/": () => document.querySelector(".search input")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing) typing.blur();
    else if (event.key === "Escape" && !document.querySelector("dialog[open]")) goBack();
    else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  /** Go from a part of a page, or from an order, to what contains it. */
  function goBack() {
    const close = document.querySelector("[data-escape]");
    // The list that the order was opened from, with its filters and its place. The history does not tell the
    // addresses of pages that send no referrer.
    const list = close?.pathname === "/orders" ? sessionStorage.getItem("list") : null;
    if (globalThis.navigation?.entries().some((entry) => entry.key === list)) navigation.traverseTo(list);
    else close?.click();
  }

  document.addEventListener("click", (event) => {
    const back = event.target.closest("a[data-escape]");
    if (back && event.isTrusted && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      goBack();
    }
    if (event.target.closest("#theme")) changeTheme();
    opened = event.target.closest("#order-rows a.row")?.closest("tr").id ?? opened;
    const copied = event.target.closest("[data-copy]");
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy);
  });

  function changeTheme() {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  }

  // What is live tells of each message; its new parts tell of themselves too.
  const live = new WeakSet();
  function completeNew(event) {
    if (live.has(event.target)) return;
    if (event.target.hasAttribute("sse-swap")) live.add(event.target);
    complete(event.target);
  }

  document.addEventListener("htmx:afterSettle", completeNew);
  document.addEventListener("htmx:oobAfterSwap", completeNew);
  // An event of <details> does not bubble.
  document.addEventListener("toggle", (event) => reachCode(event.target), true);
  document.addEventListener("DOMContentLoaded", () => {
    for (const element of document.querySelectorAll("[sse-swap]")) live.add(element);
    complete(document);
  });
}
