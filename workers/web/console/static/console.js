// Live updates, the only thing on these pages that needs a script: /live says that something moved, and the regions of
// this page are asked for again and put in place, unless one sits in them.
"use strict";
(() => {
  const regions = [...document.querySelectorAll("[data-live]")];
  const state = document.querySelector("[data-live-state]");
  if (!regions.length || !window.EventSource) return;
  const topics = [...new Set(regions.map((region) => region.dataset.live))].join(",");
  const source = new EventSource(`/live?topics=${topics}`);
  let heard = Date.now();
  const hear = () => { heard = Date.now(); say(true); };
  const say = (isLive) => {
    const shown = document.querySelector("[data-live-state]");
    if (!shown) return;
    shown.hidden = false;
    const text = isLive ? "Live" : "Not live: reload to see more";
    const words = shown.querySelector("span");
    if (words.textContent !== text) words.textContent = text;
    shown.classList.toggle("ok", isLive);
    shown.classList.toggle("wait", !isLive);
  };
  const renew = async (topic) => {
    for (const region of document.querySelectorAll(`[data-live="${CSS.escape(topic)}"]`)) {
      if (region.contains(document.activeElement) || region.querySelector("details[open]")) continue;
      const address = new URL(location.href);
      address.searchParams.set("part", region.id);
      const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
      if (answer.status === 503) setTimeout(() => renew(topic).catch(() => {}), 3000); // others are made just now
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // A region that is over is not there any more: what stands around it says what came of it.
      const place = page.getElementById(region.id) ? region : region.parentElement?.closest("[id]");
      const fresh = place && page.getElementById(place.id);
      if (fresh && !place.contains(document.activeElement)) { place.replaceWith(fresh); say(true); }
    }
  };
  source.addEventListener("open", hear);
  source.addEventListener("moved", (event) => { hear(); renew(event.data).catch(() => {}); });
  setInterval(() => { if (Date.now() - heard > 30000) say(false); }, 5000);
})();
