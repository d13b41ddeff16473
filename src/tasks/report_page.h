/* tasks/report_page.h: the style sheet of a report: readable on paper, on a phone, by day and by night. */
#ifndef MASKE_TASKS_REPORT_PAGE_H
#define MASKE_TASKS_REPORT_PAGE_H

static const char report_style[] =
    ":root{--ink:#1c2430;--soft:#5c6773;--line:#d9dee4;--paper:#fff;--card:#f5f7f9;--a:#0b62a4;--b:#c2410c;--c:#6b7280;"
    "--d:#15803d;--e:#7e22ce;color-scheme:light dark}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b1;--line:#333c47;--paper:#14181d;"
    "--card:#1d232a;--a:#5ab0f2;--b:#fb923c;--c:#9ca3af;--d:#4ade80;--e:#c084fc}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1.5rem;max-width:60rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);"
    "background:var(--paper)}"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p{margin:.25rem 0}.soft{color:var(--soft)}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1rem 0}"
    ".card{background:var(--card);border-radius:.5rem;padding:.75rem}.card b{display:block;font-size:1.4rem}"
    ".card span{color:var(--soft);font-size:.85rem}"
    "figure{margin:1.25rem 0}figcaption{font-size:.95rem}svg{width:100%;height:auto;display:block}"
    ".grid{stroke:var(--line)}.tick{fill:var(--soft);font-size:11px}"
    "polyline{fill:none;stroke-width:1.6;vector-effect:non-scaling-stroke;stroke-linejoin:round}"
    "polyline.training{stroke:var(--a)}polyline.held{stroke:var(--b)}"
    "polyline.unigram{stroke:var(--c);stroke-dasharray:5 4}circle.held{fill:var(--b)}"
    "polyline.old{stroke:var(--e)}circle.old{fill:var(--e)}"
    "polyline.average{stroke:var(--d)}circle.average{fill:var(--d)}"
    ".key{display:inline-block;width:1.2em;height:.25em;vertical-align:middle;margin-right:.3em}"
    ".legend{white-space:nowrap;margin-right:1em}figcaption b{margin-right:.7em}"
    ".key.training{background:var(--a)}.key.held{background:var(--b)}.key.unigram{background:var(--c)}"
    ".key.average{background:var(--d)}.key.old{background:var(--e)}"
    ".wide{overflow-x:auto}"
    "table{border-collapse:collapse;font-size:.9rem}td,th{padding:.2rem .8rem .2rem 0;text-align:left;"
    "border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;"
    "font-variant-numeric:tabular-nums}"
    "summary{cursor:pointer;margin:.5rem 0}mark{background:none;color:var(--a);font-weight:600}"
    "mark.off{color:var(--b)}"
    /* A chart shrinks with the window, so that its figures must grow. */
    "@media(max-width:40rem){body{padding:1rem}.tick{font-size:20px}circle{r:5px}.cards{grid-template-columns:1fr 1fr}"
    "figcaption b{display:block}}";

#endif
