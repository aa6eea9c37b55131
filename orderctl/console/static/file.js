// In the file of an order: times in the reader's zone, and the states of the picture open their details.
"use strict";
{
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  for (const element of document.querySelectorAll("time[datetime]")) {
    element.textContent = format.format(new Date(element.dateTime));
  }

  /** Open the details that the address names. */
  function open() {
    const details = document.getElementById(location.hash.slice(1));
    if (details?.tagName === "DETAILS") details.open = true;
    details?.scrollIntoView();
  }

  function choose(event) {
    const state = event.target.closest?.("svg [data-run]");
    if (!state) return;
    event.preventDefault();
    location.hash = `state-${state.closest("[data-execution]").dataset.execution}-${state.dataset.run}`;
    open();
  }

  addEventListener("hashchange", open);
  document.addEventListener("click", choose);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") choose(event);
  });
  open();
}
