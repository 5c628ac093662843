"use strict";
const root = document.documentElement;
document.getElementById("theme").onclick = () => {
  const dark = getComputedStyle(root).colorScheme === "light dark" ? matchMedia("(prefers-color-scheme: dark)").matches : root.dataset.theme === "dark";
  root.dataset.theme = dark ? "light" : "dark";
};

const videos = [...document.querySelectorAll("video")];
const running = document.getElementById("running");
const say = () => { running.textContent = videos.every((video) => video.paused) ? "Play all" : "Pause all"; };
running.hidden = !videos.length;
running.onclick = () => {
  const paused = videos.every((video) => video.paused);
  for (const video of videos) paused ? video.play() : video.pause();
};
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
for (const video of videos) {
  video.onplay = video.onpause = say;
  if (!still) video.play().catch(say); // "autoplay" alone waits until a video is in view
}
say();

const value = (row, column) => {
  const cell = row.children[column];
  const found = cell.dataset.value ?? cell.textContent;
  return column && Number.isFinite(Number(found)) ? Number(found) : column ? Infinity : found;
};
for (const table of document.querySelectorAll(".sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, column) => {
    head.tabIndex = 0;
    head.onclick = () => {
      const down = head.ariaSort === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.ariaSort = down ? "descending" : "ascending";
      const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
      body.append(...[...body.rows].sort((a, b) => order(value(a, column), value(b, column))));
    };
    head.onkeydown = (event) => { if (event.key === "Enter") head.onclick(); };
  });
}
