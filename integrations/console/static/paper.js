// The charts of a paper, drawn where scripts run; what the page brings as a picture stays for print. Texts are drawn on the canvas, since
// the page's policy allows no inline styles.
"use strict";
(function () {
  if (!window.echarts) return;
  const colours = ["#174a7c", "#a9c3de", "#d9b36c"];
  const ink = "#1b2531", soft = "#566373", line = "#dbe1e8";
  const family = getComputedStyle(document.body).fontFamily;

  function label(text) { const r = Array.from(text); return r.length > 14 ? r.slice(0, 13).join("") + "…" : text; }

  function frame(c, narrow) {
    return {
      color: colours, animation: false, textStyle: { fontFamily: family, color: ink },
      grid: { left: 8, right: narrow ? 44 : 60, top: 34, bottom: 8, containLabel: true },
      tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" }, confine: true },
      legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: { color: ink } },
      aria: { enabled: false },
      yAxis: { type: "category", inverse: true, data: c.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: line } },
        axisLabel: { color: ink, formatter: label, width: narrow ? 96 : 200, overflow: narrow ? "break" : "truncate" } },
      xAxis: { type: "value", axisLabel: { color: soft }, splitLine: { lineStyle: { color: line } } },
    };
  }

  function bars(c, narrow) {
    const o = frame(c, narrow);
    o.xAxis.minInterval = 1;
    o.series = c.names.map(function (name, i) {
      return { name: name, type: "bar", data: c.values[i], barMaxWidth: 12, barGap: "12%", label: { show: true, position: "right", color: soft, fontSize: 11 } };
    });
    return o;
  }

  // rates are points on a band from the low to the high end of their interval.
  function rates(c, narrow) {
    const o = frame(c, narrow);
    o.xAxis.min = 0;
    o.xAxis.max = 100;
    o.xAxis.axisLabel.formatter = "{value}%";
    o.legend.data = c.names;
    o.tooltip.formatter = function (p) {
      const i = p[0].dataIndex;
      return c.labels[i] + "\n" + c.names[0] + " " + c.values[0][i].toFixed(1) + "%\n" + c.names[1] + " " + c.low[i].toFixed(1) + "%–" + c.high[i].toFixed(1) + "%";
    };
    o.series = [
      { name: "low", type: "bar", stack: "band", silent: true, itemStyle: { color: "transparent" }, data: c.low, barWidth: 12 },
      { name: c.names[1], type: "bar", stack: "band", itemStyle: { color: colours[1] }, data: c.high.map(function (h, i) { return h - c.low[i]; }), barWidth: 12 },
      { name: c.names[0], type: "scatter", symbolSize: 10, itemStyle: { color: colours[0] }, data: c.values[0], z: 5,
        label: { show: !narrow, position: "top", distance: 3, color: soft, fontSize: 11, formatter: function (p) { return p.value.toFixed(1) + "%"; } } },
    ];
    return o;
  }

  document.querySelectorAll("figure[data-chart]").forEach(function (figure) {
    const c = JSON.parse(figure.dataset.chart);
    const box = document.createElement("div");
    box.className = "drawn";
    box.setAttribute("aria-hidden", "true");
    const rows = c.labels.length * (c.kind === "bars" ? 14 * c.names.length + 14 : 34);
    figure.appendChild(box);
    figure.classList.add("live");
    const chart = echarts.init(box, null, { height: rows + 76 });
    function draw() {
      const narrow = figure.clientWidth < 560;
      chart.resize({ width: figure.clientWidth, height: rows + 76 });
      chart.setOption((c.kind === "bars" ? bars : rates)(c, narrow), true);
    }
    draw();
    new ResizeObserver(draw).observe(figure);
    figure.dataset.drawn = "1";
  });
})();
