/** The page's one style sheet. Colours are named once per scheme; the pairs used for text are checked for contrast by a test. */

/** Name → [light, dark]. Light is also what is printed. */
export const COLORS: Record<string, [string, string]> = {
  paper: ['#fbfaf7', '#14171b'],
  panel: ['#ffffff', '#1b1f25'],
  soft: ['#f1efe9', '#232830'],
  ink: ['#1c2024', '#e8e6e1'],
  dim: ['#59616b', '#a7aeb8'],
  line: ['#dedad0', '#353c46'],
  accent: ['#1b5a9e', '#8ab8f0'],
  harm: ['#ad1f18', '#ff8f85'],
  doubt: ['#7d5200', '#e6b860'],
  calm: ['#2b6337', '#8ecb9a'],
  forged: ['#7426a3', '#cfa3f5'],
  onfill: ['#ffffff', '#14171b'],
}

function variables(scheme: 0 | 1): string {
  return Object.entries(COLORS)
    .map(([name, pair]) => `--${name}:${pair[scheme]}`)
    .join(';')
}

const PAGE = `
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
main,.top,.foot{max-width:66rem;margin:0 auto;padding:0 1.5rem}
h1,h2,h3,h4{line-height:1.25;text-wrap:balance}
h1{font-size:clamp(1.35rem,1.05rem + 1.2vw,1.8rem);font-weight:660;line-height:1.22;margin:.35rem 0 .6rem;letter-spacing:-.015em}
h2{font-size:.8rem;font-weight:650;letter-spacing:.09em;text-transform:uppercase;color:var(--dim);margin:3rem 0 .9rem;padding-top:.7rem;border-top:1px solid var(--line)}
h3{font-size:1.18rem;font-weight:640;margin:0 0 .35rem}
h4{font-size:.92rem;font-weight:650;margin:1.7rem 0 .5rem}
p{margin:.5rem 0}
a{color:var(--accent)}
code,.mono{font-family:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.88em}
code{background:var(--soft);padding:.08em .3em;border-radius:3px}
ul{padding-left:1.15rem;margin:.3rem 0}
li{margin:.15rem 0}
abbr{text-decoration:none}
summary{cursor:pointer;color:var(--accent);font-weight:550;padding:.2rem 0}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--panel);padding:.4rem .8rem;z-index:2}
.dim,.hint{color:var(--dim)}.hint{font-size:.9rem}
.top{padding-top:2.6rem}
.kicker{color:var(--dim);font-size:.92rem;margin:0}.kicker b{color:var(--ink);font-weight:600}
.sum{font-size:1.08rem;margin:0 0 1rem;max-width:46rem}
.lead{max-width:46rem}
.compared{border-left:3px solid var(--accent);padding:.1rem 0 .1rem 1rem;margin:1rem 0}.compared p{margin:0}.compared .advice{margin:.4rem 0 0}
.notes{list-style:none;padding:0}.notes li{border-left:3px solid var(--doubt);padding:.1rem 0 .1rem .7rem;font-size:.92rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.3rem,1fr));background:var(--panel);border:1px solid var(--line);border-radius:8px;overflow:hidden;margin:1.4rem 0 0}
.figures div{box-shadow:1px 1px 0 var(--line);padding:.6rem .8rem;display:flex;flex-direction:column;justify-content:space-between}
.figures dt{font-size:.79rem;color:var(--dim)}.figures dd{margin:0;font-size:1.32rem;font-weight:620;font-variant-numeric:tabular-nums}
.figures .harm dd{color:var(--harm)}.figures .doubt dd{color:var(--doubt)}.figures .calm dd{color:var(--calm)}
.guide{margin:1rem 0 0;font-size:.94rem}.guide dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:.6rem 0}.guide dt{font-weight:600}.guide dd{margin:0;color:var(--dim)}
.incident{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:1.25rem 1.5rem;margin:0 0 1.1rem}
.no{display:inline-block;min-width:1.5em;color:var(--dim);font-variant-numeric:tabular-nums}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;align-items:baseline;font-size:.92rem;color:var(--dim);margin:.1rem 0 .7rem}.facts b{color:var(--ink)}
.badge{font-size:.84rem;font-weight:620;border:1px solid;border-radius:99px;padding:.02rem .6rem;white-space:nowrap}
.badge.harm{color:var(--harm)}.badge.doubt{color:var(--doubt)}.badge.calm{color:var(--calm)}
.advice{margin:.9rem 0 1rem}
.advice>div{display:grid;grid-template-columns:8.5rem minmax(0,1fr);gap:0 1rem;padding:.42rem 0;border-top:1px solid var(--line)}
.advice dt{color:var(--dim);font-size:.92rem}.advice dd{margin:0;overflow-wrap:anywhere}.advice dd>ul:first-child{margin-top:0}
.logs{list-style:none;padding:0}
.rest ul{list-style:none;padding:0}.rest li{padding:.25rem 0}
.foot{color:var(--dim);font-size:.86rem;padding-top:2.5rem;padding-bottom:3rem}
button,select,input{font:inherit;color:inherit}
button{cursor:pointer}
.link{background:none;border:0;padding:0;color:var(--accent);text-decoration:underline;text-align:left}
.copy{display:flex;gap:.6rem;align-items:flex-start;background:var(--soft);border-radius:6px;padding:.4rem .4rem .4rem .7rem;margin:.35rem 0;max-width:56rem}
.copy code{flex:1;overflow-wrap:anywhere;background:none;padding:.2rem 0}
.copy button,.more{background:var(--panel);border:1px solid var(--line);border-radius:5px;padding:.15rem .7rem;font-size:.86rem}
.copy button:hover,.more:hover{border-color:var(--accent)}
`

const PROOF = `
.scroll{overflow-x:auto}
svg{display:block;font-family:inherit}
svg.key{display:inline-block;vertical-align:-.2em;margin-right:.4rem;min-width:0;width:auto}
svg text{fill:var(--ink)}
.ladder{width:100%;height:auto;min-width:46rem;font-size:13px}
.ladder text{text-anchor:middle}.ladder .l-time,.ladder .l-frame,.ladder .l-note{text-anchor:start}
.l-side{font-weight:650;font-size:13px}.ladder .l-addr{fill:var(--dim);font-size:12px}
.l-life{stroke:var(--dim);stroke-width:1.4;fill:none}
.l-gap{stroke:var(--dim);stroke-width:1.4;stroke-dasharray:1.5 5;stroke-linecap:round;fill:none}
.l-silence text{fill:var(--dim);font-style:italic;font-size:13.5px}.l-omitted text{fill:var(--dim);font-size:12.5px}
.l-hit{fill:transparent}.ladder .l-way{fill:none;font-size:1px}
.l-step{cursor:default;outline:none}
.own>.l-hit{fill:color-mix(in srgb,var(--dim) 11%,transparent)}
.l-step:hover>.l-hit,.l-step[aria-selected=true]>.l-hit,.l-step.lit>.l-hit{fill:color-mix(in srgb,var(--accent) 13%,transparent)}
.l-step:focus-visible>.l-hit{stroke:var(--accent);stroke-width:2}
.ladder .l-time,.ladder .l-frame,.ladder .l-text,.ladder .l-rst{font-family:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px}
.ladder .l-time{fill:var(--dim)}.ladder .l-note{fill:var(--dim);font-size:12.5px}.ladder .l-proof{fill:var(--accent);font-weight:600}
.l-shaft{stroke:var(--accent);stroke-width:1.5;fill:none}.l-head{fill:var(--accent)}
.s-open .l-shaft,.s-ack .l-shaft{stroke:var(--dim)}.s-open .l-head,.s-ack .l-head{fill:var(--dim)}
.s-again .l-shaft{stroke:var(--doubt);stroke-dasharray:6 4}.s-again .l-head{fill:var(--doubt)}
.s-probe .l-shaft{stroke:var(--doubt);stroke-dasharray:1.5 4;stroke-linecap:round}.s-probe .l-head{fill:var(--doubt)}
.s-close .l-shaft{stroke:var(--ink);stroke-width:2.4}.s-close .l-head{fill:var(--ink)}.s-close .l-text{font-weight:700}
.s-reset .l-shaft{stroke:var(--harm);stroke-width:2.4}.s-reset .l-head,.s-reset .l-pill{fill:var(--harm)}
.ladder .l-rst{fill:var(--onfill);font-weight:700}
.forged .l-shaft{stroke:var(--forged);stroke-dasharray:7 4}.forged .l-head,.l-device{fill:var(--forged)}
.forged .l-pill{fill:var(--panel);stroke:var(--forged);stroke-width:1.8;stroke-dasharray:5 3}.forged .l-rst{fill:var(--forged)}
.ladder .l-dname{fill:var(--forged);font-size:11.5px;font-weight:600}
.fields{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.8rem;background:var(--soft);border-radius:6px;padding:.45rem .7rem;margin:.5rem 0;white-space:pre-line}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.3rem;font-size:.86rem;color:var(--dim)}
table{border-collapse:collapse;width:100%}
th{font-size:.82rem;font-weight:600;color:var(--dim);text-align:left}
th,td{padding:.32rem .7rem .32rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
.evidence td{vertical-align:baseline}.evidence td:first-child{color:var(--dim)}
.pro,.con{font-weight:700}.pro{color:var(--calm)}.con{color:var(--harm)}.doubt abbr{color:var(--doubt);font-weight:700}
button.fr{background:none;border:0;color:var(--accent);text-decoration:underline dotted 1px;text-underline-offset:.22em;padding:0;margin-right:.3rem;min-width:24px;min-height:24px}
span.fr{margin-right:.3rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:1rem}
.scatter{width:100%;height:auto;font-size:12px}.scatter text,.timeline text{fill:var(--dim)}
.grid{stroke:var(--line);stroke-width:1;fill:none}
.m-client{fill:var(--accent)}.m-server{fill:none;stroke:var(--calm);stroke-width:1.8}.m-rst{stroke:var(--harm);stroke-width:2.4;fill:none}.m-forged{fill:var(--forged)}
[data-frames].lit .m-client,[data-frames].lit .m-server,[data-frames].lit .m-rst,[data-frames].lit .m-forged{stroke:var(--ink);stroke-width:2.5}
.timeline{width:100%;height:auto;min-width:48rem;font-size:12.5px}.timeline .t-cause{fill:var(--ink);font-size:13.5px}
.t-lost{fill:var(--harm)}.t-unknown{fill:var(--paper);stroke:var(--doubt);stroke-width:2}.t-none{stroke:var(--calm);stroke-width:2;fill:var(--calm)}
.t-bar.t-unknown{fill:var(--doubt);stroke:none}.t-bar.t-none{stroke:none}.t-mark{cursor:pointer}.t-mark:hover circle{stroke:var(--ink);stroke-width:2}
`

const TABLE = `
.tools{display:flex;flex-wrap:wrap;gap:.6rem .9rem;align-items:end;margin:.4rem 0 .8rem}
.tools label{font-size:.84rem;color:var(--dim)}
.tools input,.tools select{display:block;background:var(--panel);color:var(--ink);border:1px solid var(--dim);border-radius:6px;padding:.3rem .55rem;font-size:.94rem}
.tools input,.tools select,.tools button{height:2.25rem}.tools input{width:16rem;max-width:100%}
.tools button{background:var(--panel);border:1px solid var(--dim);border-radius:6px;padding:.3rem .8rem;font-size:.94rem}
.wide{overflow-x:auto}
.rows{font-size:.92rem;font-variant-numeric:tabular-nums}
.rows tbody tr.row:hover{background:var(--soft)}
.rows .app{color:var(--dim);display:block;font-size:.88em}
.rows [data-open]{background:none;border:0;color:var(--accent);padding:0;font-weight:600;min-width:2.6rem;min-height:24px;text-align:left}
.rows [data-open]::before{content:"▸ ";color:var(--dim)}.rows [data-open][aria-expanded=true]::before{content:"▾ "}
.row>.harm{color:var(--harm)}.row>.doubt{color:var(--doubt)}.row>.calm{color:var(--calm)}
.opened>td{padding:1.1rem 1.2rem 1.6rem;background:var(--panel);border:1px solid var(--line)}
.rid{color:var(--dim);margin-right:.4rem}
.nw,.rows th{white-space:nowrap}.rows td:nth-child(3),.evidence td:nth-child(3){overflow-wrap:anywhere}
.wide+h3{margin-top:1.6rem}.wide h3{margin:0}
@media screen and (max-width:44rem){main,.top,.foot{padding-left:1rem;padding-right:1rem}.incident{padding:1rem}.advice>div{grid-template-columns:minmax(0,1fr)}.top{padding-top:1.4rem}.guide dl{grid-template-columns:1fr;gap:0}.guide dd{margin-bottom:.5rem}.figures{grid-template-columns:1fr 1fr}}
@media print{body{font-size:10.5pt;background:#fff}details:not([open]){display:none}main,.top,.foot{max-width:none;padding:0}.tools,.skip,[data-copy],[data-incident],.more,noscript{display:none!important}.incident{border:0;border-top:1pt solid var(--line);border-radius:0;padding:.6rem 0}.ladder,.timeline{min-width:0}.scroll,.wide{overflow:visible}h2,h3,h4,.facts,summary{break-after:avoid}tr,svg,.advice>div{break-inside:avoid}a{color:inherit;text-decoration:none}h2{margin-top:1.6rem}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`

/** Light by default and on paper, dark where the reader's system is. */
export const STYLE = `:root{color-scheme:light dark;${variables(0)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(1)}}}${PAGE}${PROOF}${TABLE}`
