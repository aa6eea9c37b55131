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
    if (event.target !== dialog()) return;
    event.target.replaceChildren();
    // What was asked is not waited for any more. It changes nothing: only forms in the dialog do.
    if (asked) htmx.trigger(asked, "htmx:abort");
    asked = null;
  }, true);

  // Who waits is told so, where the answer will be. A form in that place says it beside its buttons.
  const WAITED_MS = 300;
  let asked = null;
  const placeOf = (target) => (target?.matches?.("#confirm, #action") ? target : null);

  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target, xhr } = event.detail;
    const place = placeOf(target);
    if (!place || place.contains(elt)) return;
    asked = elt;
    setTimeout(() => {
      if (asked === elt && xhr.readyState !== XMLHttpRequest.DONE) fill(place, part("p", "Working …", "waiting"));
    }, WAITED_MS);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt === asked) asked = null;
  });

  // There is no answer, or none of the place where it was awaited.
  const NO_ANSWER = "The console does not respond. Is `orderctl console` still running?";

  /** Say it in that place, and keep the form: it can be sent again. */
  function tell(target, words) {
    const form = target?.closest(".action-part");
    if (form) {
      form.querySelector(".no-answer")?.remove();
      form.append(part("p", words, "no-answer error"));
    } else if (placeOf(target)) {
      if (target.querySelector(".action-part form")) tell(target.querySelector(".action-part"), words);
      else fill(target, part("h2", words, "notice failure"));
    }
  }

  /** Make a part of a page that says something, and can be closed. */
  function part(tag, words, kind) {
    const said = document.createElement(tag);
    said.textContent = words;
    if (kind.startsWith("no-answer")) {
      said.className = kind;
      said.setAttribute("role", "alert");
      return said;
    }
    const section = document.createElement("section");
    section.className = `action-part ${kind}`;
    section.setAttribute("role", kind === "waiting" ? "status" : "alert");
    const close = document.createElement("button");
    close.type = "button";
    close.dataset.close = "";
    close.textContent = "Close";
    section.append(said, close);
    return section;
  }

  function fill(place, section) {
    place.replaceChildren(section);
    if (place === dialog() && !place.open) place.showModal();
  }

  document.addEventListener("htmx:sendError", (event) => tell(event.detail.target, NO_ANSWER));
  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    tell(event.detail.target, page.querySelector("h1")?.textContent ?? page.body.textContent);
  });

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
