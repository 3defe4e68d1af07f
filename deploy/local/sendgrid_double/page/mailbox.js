// Mail is untrusted: it enters the page as text only, its HTML as the source of a frame that may do nothing.
"use strict";

const SHOWN = 200;
const EVERY_MS = 1000;
const at = (id) => document.getElementById(id);
let mails = [];
let chosen = null;

const idOf = (mail) => mail.headers["Message-Id"];
const make = (tag, text, className = "") => Object.assign(document.createElement(tag), { textContent: text, className });

function row(mail) {
  const button = make("button", "");
  button.type = "button";
  button.dataset.id = idOf(mail);
  const time = make("time", new Date(mail.received_at).toLocaleTimeString());
  time.dateTime = mail.received_at;
  button.append(make("strong", mail.to), time, make("span", mail.subject, "subject"));
  button.addEventListener("click", () => read(mail));
  const item = make("li", "");
  item.append(button);
  return item;
}

function showList() {
  const wanted = at("filter").value.trim().toLowerCase();
  const found = mails.filter((mail) => `${mail.to} ${mail.subject}`.toLowerCase().includes(wanted));
  const focused = document.activeElement?.dataset?.id;
  at("list").replaceChildren(...found.map(row));
  at("empty").hidden = found.length > 0;
  at("empty").textContent = mails.length ? "No mail matches." : "No mail yet. It appears here by itself.";
  at("count").textContent = mails.length === SHOWN ? `newest ${SHOWN}` : `${mails.length} ${mails.length === 1 ? "mail" : "mails"}`;
  for (const button of at("list").querySelectorAll("button")) {
    if (button.dataset.id === chosen) button.setAttribute("aria-current", "true");
    if (button.dataset.id === focused) button.focus();
  }
}

function read(mail) {
  chosen = idOf(mail);
  at("subject").textContent = mail.subject;
  at("to").textContent = mail.to;
  at("received").textContent = new Date(mail.received_at).toLocaleString();
  at("received").dateTime = mail.received_at;
  at("text").textContent = mail.text;
  at("html").srcdoc = mail.html;
  at("headers").replaceChildren(...Object.entries(mail.headers).flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
  showReader(true);
  at("reader").scrollTop = 0;
  at("reader").focus();
  showList();
}

function showReader(open) {
  at("reader").hidden = !open;
  at("hint").hidden = open;
  document.querySelector("main").classList.toggle("reading", open);
  if (!open) chosen = null;
}

function notice(text) {
  at("notice").textContent = text;
  at("notice").hidden = !text;
}

const BELOW_HTTP = { hang: "never answers", reset: "cuts the connection", slow_body: "lets its answer trickle" };
const howLong = (plan) => (plan.count === null ? "until it is cleared" : `for the next ${plan.count}`);

function describeFault(fault) {
  if (fault.status === undefined) return "";
  const parts = [BELOW_HTTP[fault.fault] ?? (fault.status === 202 ? "accepts mail" : `answers ${fault.status}`)];
  if (fault.delay_s) parts.push(`after ${fault.delay_s} s`);
  if (fault.drop) parts.push("and loses it");
  return `A fault is set: the provider ${parts.join(" ")} ${howLong(fault)}.`;
}

function describeFate(fate) {
  if (fate.events === undefined) return "";
  const parts = [fate.events.length ? fate.events.join(", ") : "nothing"];
  if (fate.delay_s) parts.push(`after ${fate.delay_s} s`);
  return `Of mails it reports ${parts.join(" ")} ${howLong(fate)}.`;
}

async function refresh() {
  try {
    const [list, fault, fate] = await Promise.all([
      fetch(`api/messages?limit=${SHOWN}`, { cache: "no-cache" }), fetch("api/faults"), fetch("api/deliveries"),
    ]);
    const newest = (await list.json()).reverse();
    notice([describeFault(await fault.json()), describeFate(await fate.json())].join(" ").trim());
    if (newest.length !== mails.length || newest.some((mail, index) => idOf(mail) !== idOf(mails[index]))) {
      mails = newest;
      if (chosen && !mails.some((mail) => idOf(mail) === chosen) && mails.length < SHOWN) showReader(false);
      showList();
    }
  } catch {
    notice("The mailbox does not answer. Trying again…");
  }
}

at("filter").addEventListener("input", showList);
at("back").addEventListener("click", () => { showReader(false); showList(); });
at("clear").addEventListener("click", async () => { await fetch("api/messages", { method: "DELETE" }); await refresh(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
setInterval(() => { if (!document.hidden) refresh(); }, EVERY_MS);
showList();
refresh();
