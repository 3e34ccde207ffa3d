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
      const all = [...document.querySelectorAll(box.dataset.filter)];
      all.forEach((each, k) => {
        each.hidden = !each.textContent.toLowerCase().includes(words);
        each.dataset.at ??= String(k);
      });
      const rank = (each) => (each.querySelector("h4").textContent.toLowerCase().includes(words) ? 0 : 1000) + Number(each.dataset.at);
      all[0]?.parentElement.append(...all.sort((a, b) => rank(a) - rank(b))); // those of that name first, then those that speak of it
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

  // Bars of the timeline: an end is dragged or moved with keys, the bar between two ends is dragged whole. The server hears of it when it is let go.
  const dayOf = (grip) => Number(grip.getAttribute("aria-valuenow"));
  const setDay = (grip, day) => {
    const track = grip.closest(".track");
    const days = Number(track.dataset.days);
    const [start, end] = ["start", "end"].map((word) => track.querySelector(`.grip.${word}`));
    const low = grip === end && start ? dayOf(start) + 1 : 0;
    const high = grip === start && end ? dayOf(end) - 1 : days;
    const now = Math.round(Math.min(Math.max(day, low), Math.max(high, low)));
    grip.setAttribute("aria-valuenow", String(now));
    grip.setAttribute("aria-valuetext", grip.getAttribute("aria-valuetext").replace(/[\d.,]+/, String(now)));
    grip.style.left = `${(100 * now) / days}%`;
    const bar = track.querySelector(".bar");
    const from = start ? dayOf(start) : 0;
    const to = end ? dayOf(end) : days;
    bar.style.left = `${(100 * from) / days}%`;
    bar.style.width = `${Math.max(1.5, (100 * (to - from)) / days)}%`;
  };
  // An end that lies on the last day is no end: the intervention goes on.
  const tellDay = (grip) => {
    const last = grip.classList.contains("end") && dayOf(grip) >= Number(grip.getAttribute("aria-valuemax"));
    send("set", { where: grip.dataset.grip, value: last ? "" : String(dayOf(grip)), at: Date.now() });
  };

  document.addEventListener("pointerdown", (event) => {
    const track = event.target.closest(".track");
    if (!track || event.button !== 0) return;
    const grip = event.target.closest(".grip");
    if (!grip && !event.target.closest(".bar")) return;
    const moved = grip ? [grip] : [...track.querySelectorAll(".grip")];
    const began = moved.map(dayOf);
    const days = Number(track.dataset.days);
    const perDay = track.getBoundingClientRect().width / days;
    const open = !grip && moved.length === 2 && began[1] >= days; // without an end it moves by its start alone
    const move = (now) => {
      const by = Math.round((now.clientX - event.clientX) / perDay);
      const most = open || moved.length < 2 ? by : Math.min(Math.max(by, -began[0]), days - began[1]);
      const order = most > 0 ? [...moved.keys()].reverse() : [...moved.keys()];
      for (const k of order) if (!(open && k === 1)) setDay(moved[k], began[k] + most);
    };
    const end = () => {
      document.removeEventListener("pointermove", move);
      track.classList.remove("moving");
      moved.forEach((each, k) => { if (dayOf(each) !== began[k]) tellDay(each); });
    };
    event.preventDefault();
    (grip || moved[0])?.focus();
    track.classList.add("moving");
    document.addEventListener("pointermove", move);
    for (const over of ["pointerup", "pointercancel"]) document.addEventListener(over, end, { once: true });
  });

  document.addEventListener("keydown", (event) => {
    const grip = event.target.closest?.(".grip");
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -30, PageUp: 30, Home: -1e9, End: 1e9 }[event.key];
    if (!grip || !step) return;
    event.preventDefault();
    const before = dayOf(grip);
    setDay(grip, before + (event.shiftKey ? 7 : 1) * step);
    if (dayOf(grip) !== before) tellDay(grip);
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
      if (location.search !== message.search) history.pushState(null, "", message.search || location.pathname);
      const answer = document.getElementById("answer");
      const away = window.matchMedia("(max-width: 860px)").matches || answer.getBoundingClientRect().top < 0;
      if (message.search && away) answer.scrollIntoView();
    });
    window.Shiny.addCustomMessageHandler("save", (message) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([message.text], { type: "application/yaml" }));
      link.download = message.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    // A link that puts two answers side by side opens that sheet.
    if (new URLSearchParams(location.search).has("beside")) $(document).one("shiny:connected", () => setTimeout(() => show(document.getElementById("tab-beside")), 0));
    window.addEventListener("popstate", () => location.reload());
  });
})();
