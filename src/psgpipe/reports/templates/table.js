"use strict";
// Tables with the class "sortable" get buttons in their heads; a form with data-for filters one.
(function () {
  const text = (row, column) => row.cells[column].textContent.trim();
  const number = (words) => (words === "" ? NaN : Number(words));

  function compare(a, b, direction) {
    if (a === "" || b === "") return (a === "") - (b === "");
    const [x, y] = [number(a), number(b)];
    const order = Number.isNaN(x) || Number.isNaN(y)
      ? a.localeCompare(b, "en", { numeric: true }) : x - y;
    return direction * order;
  }

  function sort(table, heads, column) {
    const head = heads[column];
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    const body = table.tBodies[0];
    const keyed = Array.from(body.rows, (row) => [text(row, column), row]);
    keyed.sort((a, b) => compare(a[0], b[0], direction));
    body.append(...keyed.map((pair) => pair[1]));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, heads, column));
      head.append(button);
    });
  }

  for (const form of document.querySelectorAll("form[data-for]")) {
    const rows = Array.from(document.getElementById(form.dataset.for).tBodies[0].rows);
    const content = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const [search, choice, output] = ["input", "select", "output"].map((n) => form.querySelector(n));
    const filter = () => {
      const words = search.value.toLowerCase().trim();
      let shown = 0;
      for (const row of rows) {
        const fits = content.get(row).includes(words)
          && (!choice.value || row.dataset.status === choice.value);
        row.hidden = !fits;
        shown += fits;
      }
      output.textContent = shown === rows.length ? `${shown} nights` : `${shown} of ${rows.length} nights`;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
  }
})();
