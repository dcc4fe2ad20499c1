"use strict";
// Tells, while the budget is being moved, about what it would bring; all else works without.
const slider = document.getElementById("budget");
if (slider) {
  const curve = JSON.parse(slider.dataset.curve);
  const told = document.getElementById("budget-is");
  const says = slider.dataset.says;
  const numbers = new Intl.NumberFormat(document.documentElement.lang, {
    maximumFractionDigits: 0, useGrouping: "always",
  });
  const money = (amount) => `${numbers.format(amount)}\u00a0${slider.dataset.currency}`;
  const at = (budget, column) => {
    const next = curve.findIndex((point) => point[0] >= budget);
    if (next < 0) return curve[curve.length - 1][column];
    if (next === 0) return curve[0][column];
    const [low, high] = [curve[next - 1], curve[next]];
    const share = (budget - low[0]) / (high[0] - low[0] || 1);
    return low[column] + share * (high[column] - low[column]);
  };
  const tell = () => {
    if (!curve.length) return;
    const budget = Number(slider.value);
    const text = says.replace("{b}", money(budget)).replace("{p}", money(at(budget, 1)))
      .replace("{c}", numbers.format(Math.min(at(budget, 2), Number(slider.dataset.most))));
    told.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.addEventListener("input", tell);
}
