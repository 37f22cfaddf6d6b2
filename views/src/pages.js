// Show as many items as the height of the view allows, and turn pages for the rest: a view never scrolls inside a host.

import { h } from "./dom.js";
import { number } from "./format.js";

// `draw(items)` puts items on the screen. `maxHeight()` is in pixels. Returns `show(items)` and the pager's element.
export function createPager({ draw, maxHeight }) {
  let items = [];
  let starts = [0];
  let page = 0;
  const back = h("button", { class: "small", "aria-label": "Previous page", onclick: () => turn(-1) }, "‹");
  const next = h("button", { class: "small", "aria-label": "Next page", onclick: () => turn(1) }, "›");
  const place = h("span", { class: "note figures", role: "status" });
  const element = h("div", { class: "row pager", hidden: true, role: "group", "aria-label": "Pages" }, back, place, next);

  const fits = () => document.body.getBoundingClientRect().height <= maxHeight();

  function endOf(start) {
    // The largest number of items that fits; at least one.
    let low = start + 1;
    let high = items.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      draw(items.slice(start, middle));
      if (fits()) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function layOut() {
    element.hidden = true;
    draw(items);
    starts = [0];
    if (items.length > 1 && !fits()) {
      element.hidden = false;
      place.textContent = "Page 10 of 10";
      for (let start = endOf(0); start < items.length; start = endOf(start)) starts.push(start);
    }
    page = Math.min(page, starts.length - 1);
    render();
  }

  function render() {
    const end = starts[page + 1] ?? items.length;
    draw(items.slice(starts[page], end));
    place.textContent = `Page ${number(page + 1)} of ${number(starts.length)}`;
    back.disabled = page === 0;
    next.disabled = page === starts.length - 1;
  }

  function turn(step) {
    page = Math.max(0, Math.min(starts.length - 1, page + step));
    render();
  }

  return {
    element,
    show(list) {
      items = list;
      page = 0;
      layOut();
    },
    layOut,
  };
}
