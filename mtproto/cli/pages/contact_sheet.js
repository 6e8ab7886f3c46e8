"use strict";
const cells = [...document.querySelectorAll("a.open")];
const dialog = document.querySelector("dialog");
const stage = document.getElementById("stage");
let current = -1;

// A cell shows its thumbnail until it is on the screen, and then the file, if the file is there.
const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    const image = target.querySelector("img");
    if (!image || "video" in target.dataset) continue;
    const whole = new Image();
    whole.onload = () => { image.src = whole.src; };
    whole.src = target.href;
  }
}, { rootMargin: "200px" });
addEventListener("load", () => cells.forEach((cell) => seen.observe(cell)));

function show(index) {
  current = index;
  const cell = cells[index];
  const shown = document.createElement("video" in cell.dataset ? "video" : "img");
  if (shown.tagName === "VIDEO") { shown.controls = shown.loop = shown.autoplay = shown.muted = true; }
  shown.alt = "";
  shown.src = cell.href;
  stage.replaceChildren(shown);
  document.getElementById("told").textContent =
    `${index + 1} of ${cells.length}, ${cell.closest("li").querySelector("time").textContent} UTC`;
  document.getElementById("file").href = cell.href;
  if (!dialog.open) dialog.showModal();
}

function columns() {
  const list = document.activeElement.closest("ul") || cells[0].closest("ul");
  return getComputedStyle(list).gridTemplateColumns.split(" ").length;
}

function step(key, wide) {
  return { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide ? columns() : 1, ArrowUp: wide ? -columns() : -1 }[key] || 0;
}

addEventListener("click", (event) => {
  const cell = event.target.closest("a.open");
  if (cell && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    show(cells.indexOf(cell));
  } else if (event.target === dialog) {
    dialog.close();
  }
});

addEventListener("keydown", (event) => {
  const by = step(event.key, !dialog.open);
  if (!by || !cells.length || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const from = dialog.open ? current : cells.indexOf(document.activeElement);
  const next = from < 0 ? 0 : Math.min(Math.max(from + by, 0), cells.length - 1);
  if (dialog.open) show(next);
  else cells[next].focus();
});

dialog.addEventListener("close", () => {
  stage.replaceChildren();
  if (current >= 0) cells[current].focus();
});
