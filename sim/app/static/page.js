// Sends what people do to the server, and keeps the keyboard where it was. No rule of the model stands here.
"use strict";

(() => {
  const send = (name, value) => window.Shiny?.setInputValue?.(name, value, { priority: "event" });
  let opener = null;
  let kept = null;

  const keyOf = (element) => element?.id ? `#${CSS.escape(element.id)}` : element?.dataset?.do ? `[data-do="${CSS.escape(element.dataset.do)}"]` : null;

  document.addEventListener("click", (event) => {
    const act = event.target.closest("[data-do]");
    if (act && !act.disabled) {
      if (/^(choose|edit|add):/.test(act.dataset.do) && !act.closest(".panel")) opener = keyOf(act);
      send("do", { do: act.dataset.do, at: Date.now() });
      return;
    }
    const tab = event.target.closest("[data-tab]");
    if (tab) show(tab);
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const box = document.getElementById(copy.dataset.copy);
      box.select();
      Promise.resolve(navigator.clipboard?.writeText(box.value)).catch(() => document.execCommand("copy"));
      copy.textContent = copy.dataset.copied;
    }
  });

  const show = (tab) => {
    for (const each of document.querySelectorAll("[data-tab]")) {
      const here = each === tab;
      each.setAttribute("aria-selected", String(here));
      each.tabIndex = here ? 0 : -1;
    }
    document.getElementById("tab-panel").setAttribute("aria-labelledby", tab.id);
    tab.focus();
    send("tab", tab.dataset.tab);
  };

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.dataset.upload !== undefined) {
      const file = box.files[0];
      if (file && file.size <= 1_000_000) file.text().then((text) => send("file", { name: file.name.replace(/\.[^.]*$/, ""), text, at: Date.now() }));
      else if (file) send("file", { name: file.name, text: "x".repeat(300_000), at: Date.now() });
      box.value = "";
      return;
    }
    if (box.dataset.input) send(box.dataset.input, box.value);
    if (box.dataset.twin) {
      const twin = document.getElementById(box.dataset.twin);
      twin.value = box.value;
      put(twin);
    }
    if (box.dataset.set) put(box);
  });

  const put = (box) => {
    const where = box.dataset.set;
    const several = box.closest("[data-several]");
    const value = several
      ? [...several.querySelectorAll("input:checked")].map((each) => each.value)
      : box.type === "checkbox" ? box.checked : box.value;
    if (where === "scale:") send("scale", value);
    else send("set", { where, value, at: Date.now() });
    if (where === "start:") box.dataset.touched = "";
    const slide = document.querySelector(`[data-twin="${CSS.escape(box.id || "-")}"]`);
    if (slide && box.value !== "") slide.value = box.value;
  };

  document.addEventListener("input", (event) => {
    const box = event.target;
    if (box.dataset.twin) document.getElementById(box.dataset.twin).value = box.value;
    if (box.dataset.filter) {
      const words = box.value.toLowerCase();
      for (const each of document.querySelectorAll(box.dataset.filter)) each.hidden = !each.textContent.toLowerCase().includes(words);
    }
  });

  document.addEventListener("keydown", (event) => {
    const panel = document.querySelector(".panel");
    if (event.key === "Escape" && panel) send("do", { do: "close", at: Date.now() });
    if (event.key === "Enter" && event.target.matches?.("input[type=number], input[type=text]")) event.target.blur();
    if (event.key === "Tab" && panel?.contains(document.activeElement)) {
      const stops = [...panel.querySelectorAll("button, input, select, summary, a[href]")].filter((each) => each.offsetParent && !each.disabled);
      const last = event.shiftKey ? stops[0] : stops[stops.length - 1];
      if (document.activeElement === last) {
        event.preventDefault();
        (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
      }
    }
    const tab = event.target.closest?.("[role=tab]");
    if (tab && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      const tabs = [...document.querySelectorAll("[role=tab]")];
      const k = tabs.indexOf(tab);
      const to = { ArrowLeft: k - 1, ArrowRight: k + 1, Home: 0, End: tabs.length - 1 }[event.key];
      event.preventDefault();
      show(tabs[(to + tabs.length) % tabs.length]);
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.documentElement.lang ||= "en";
    const $ = window.jQuery;
    // What is drawn anew loses the focus and what is being typed: both are given back to whatever has the same name.
    $(document).on("shiny:value", (event) => {
      const here = document.activeElement;
      if (!event.target.contains(here)) return;
      const typed = here.matches("input[type=text], input[type=search]") ? [here.value, here.selectionStart, here.selectionEnd] : null;
      kept = keyOf(here) && { key: keyOf(here), typed };
    });
    const giveBack = () => {
      const again = document.querySelector(kept.key);
      again?.focus({ preventScroll: true });
      if (again && kept.typed) {
        again.value = kept.typed[0];
        again.setSelectionRange(kept.typed[1], kept.typed[2]);
      }
      kept = null;
    };
    new MutationObserver(() => {
      const panel = document.querySelector(".panel");
      const holder = document.getElementById("panel-holder");
      if (panel && !holder.classList.contains("open")) {
        holder.classList.add("open");
        panel.querySelector("input, button")?.focus();
      } else if (!panel && holder.classList.contains("open")) {
        holder.classList.remove("open");
        (document.querySelector(opener || "-") || document.querySelector("[data-do^=choose]"))?.focus();
      } else if (panel && document.activeElement === document.body) {
        panel.querySelector("input, button")?.focus();
      } else if (kept && document.activeElement === document.body) {
        giveBack();
      }
    }).observe(document.body, { childList: true, subtree: true });
    $(document).on("shiny:connected", () => { document.querySelector(".lost").hidden = true; });
    $(document).on("shiny:disconnected", () => { document.querySelector(".lost").hidden = false; });
    window.Shiny.addCustomMessageHandler("address", (message) => {
      if (location.search !== message.search) history.pushState(null, "", message.search);
      if (window.matchMedia("(max-width: 860px)").matches) document.getElementById("answer").scrollIntoView();
    });
    window.Shiny.addCustomMessageHandler("save", (message) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([message.text], { type: "application/yaml" }));
      link.download = message.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    window.addEventListener("popstate", () => location.reload());
  });
})();
