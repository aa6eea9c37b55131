// What changes something: confirmations in a dialog, chosen rows, and errors where the answer was awaited.
"use strict";
{
  // An error that is a part of a page is shown in its place; htmx would drop it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("hx-part") !== "yes") return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  const dialog = () => document.getElementById("confirm");

  document.addEventListener("htmx:afterSwap", (event) => {
    const open = dialog();
    if (event.detail.target !== open) return;
    if (!open.open) open.showModal();
    (open.querySelector("[autofocus], .primary, button") ?? open).focus();
  });
  // An event of the dialog itself does not bubble.
  document.addEventListener("close", (event) => {
    if (event.target === dialog()) event.target.replaceChildren();
  }, true);

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close]");
    if (!close) return;
    const open = close.closest("dialog");
    if (open) open.close();
    else close.closest(".action-part")?.remove();
  });

  /** Say how many rows are chosen, and let the button work when there are some. */
  function countChosen(form) {
    const chosen = new Set([...form.querySelectorAll("input[name=chosen]:checked")].map((box) => box.value));
    for (const button of form.querySelectorAll("[data-chosen]")) button.disabled = chosen.size === 0;
    for (const text of form.querySelectorAll("[data-chosen-count]")) {
      text.textContent = chosen.size ? `${chosen.size} chosen` : "";
    }
  }

  document.addEventListener("change", (event) => {
    const box = event.target;
    const form = box.closest("#letters-form");
    if (!form) return;
    if ("chooseAll" in box.dataset) {
      for (const other of box.closest("table").querySelectorAll("input[name=chosen]")) other.checked = box.checked;
    } else if (box.name === "chosen") {
      // An order is redriven with all its messages.
      for (const other of form.querySelectorAll("input[name=chosen]")) if (other.value === box.value) other.checked = box.checked;
    }
    countChosen(form);
  });

  // htmx enables again what it has disabled for the request, also what had nothing to do.
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest?.("#letters-form");
    if (form) setTimeout(() => countChosen(form));
  });
  // The browser keeps the boxes when a page is reloaded.
  addEventListener("pageshow", () => document.querySelectorAll("#letters-form").forEach(countChosen));

  // An address has no empty limits.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    const parameters = event.detail.parameters;
    for (const name of ["queue", "order", "q"]) if (parameters[name] === "") delete parameters[name];
  });

  document.addEventListener("htmx:sendError", () => {
    const problem = document.getElementById("problem");
    if (problem) problem.textContent = "The console does not respond. Is `orderctl console` still running?";
  });
}
