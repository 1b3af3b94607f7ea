"use strict";
(function () {
  var box = document.getElementById("filter");
  var shown = document.getElementById("shown");
  var chips = Array.from(document.querySelectorAll(".chip"));
  var cards = Array.from(document.querySelectorAll("article"));
  var texts = cards.map(function (c) { return c.textContent.toLowerCase(); });
  function apply() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    var off = {};
    chips.forEach(function (c) {
      if (c.getAttribute("aria-pressed") === "false") { off[c.dataset.severity] = true; }
    });
    var n = 0;
    cards.forEach(function (c, i) {
      c.hidden = off[c.dataset.severity] === true || !words.every(function (w) { return texts[i].includes(w); });
      if (!c.hidden) { n++; }
    });
    shown.textContent = n === cards.length ? "" : n + " of " + cards.length + " shown";
  }
  box.addEventListener("input", apply);
  chips.forEach(function (c) {
    c.addEventListener("click", function () {
      c.setAttribute("aria-pressed", String(c.getAttribute("aria-pressed") === "false"));
      apply();
    });
  });
  document.getElementById("tools").hidden = cards.length === 0;
})();
