"use strict";
(() => {
  const svg = document.querySelector(".picture svg");
  const said = document.getElementById("epoch");
  const epochs = JSON.parse(document.getElementById("epochs").textContent);
  const { left, step, top, bottom } = Object.fromEntries(
    Object.entries(svg.dataset).map(([name, text]) => [name, Number(text)]));
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("stroke", "#000");
  line.setAttribute("stroke-width", "1");
  line.setAttribute("visibility", "hidden");
  svg.append(line);
  let now = 0;

  function show(epoch) {
    now = Math.min(Math.max(epoch, 0), epochs.stage.length - 1);
    const x = left + (now + 0.5) * step;
    line.setAttribute("d", `M${x} ${top}V${bottom}`);
    line.setAttribute("visibility", "visible");
    const shares = epochs.percent[now];
    const staged = shares.some((share) => share > 0);
    const clock = epochs.clock[now] ? `, ${epochs.clock[now]}` : "";
    const beside = epochs.beside ? `; ${epochs.whose} ${epochs.beside[now]}` : "";
    const words = epochs.names.map((name, index) => `${name} ${shares[index]} %`).join(", ");
    said.textContent = `Epoch ${now}${clock}: ${epochs.stage[now]}${beside}` +
      (staged ? `; probabilities: ${words}` : "; no probabilities");
  }

  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const view = svg.viewBox.baseVal;
    const x = view.x + (event.clientX - box.left) * view.width / box.width;
    const epoch = Math.floor((x - left) / step);
    if (epoch >= 0 && epoch < epochs.stage.length) show(epoch);
  });
  svg.setAttribute("tabindex", "0");
  svg.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) {
      event.preventDefault();
      show(now + by * (event.shiftKey ? 20 : 1));
    }
  });
  said.textContent = "Point at the picture, or use the arrow keys on it, to read an epoch.";
  said.hidden = false;
})();
