// Here lives the page itself: its language, its tabs, the live story and the way a deed reaches the sandbox.
import chinese from "./words-zh-CN.js";
import english from "./words-en.js";
import { button } from "./dom.js";
import { PHONES, Phone } from "./phones.js";

const WORDS = { "zh-CN": chinese, en: english };
const KEPT = "sandbox-language";
const opened = Date.now() / 1000 - 2;
const story = new Map();
let language = firstLanguage();
let phones = [];
let shown = PHONES[0].id;

function firstLanguage() {
  const kept = localStorage.getItem(KEPT);
  if (kept in WORDS) return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

async function act(deed, body) {
  const asked = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(`play/${deed}`, asked);
    if (!answer.ok) tell(WORDS[language].failed, true);
  } catch {
    tell(WORDS[language].failed, true);
  }
}

function tell(text, alarm) {
  const live = document.getElementById("live");
  live.textContent = text;
  live.classList.toggle("alarm", alarm);
}

function draw() {
  const words = WORDS[language];
  document.documentElement.lang = language;
  document.title = words.title;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = words[node.dataset.word];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", words[node.dataset.label]);
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", String(node.dataset.language === language));
  }
  phones = PHONES.map((plan) => new Phone(plan, words, act));
  for (const side of ["customers", "staff"]) {
    const here = phones.filter((phone) => phone.side === side).map((phone) => phone.root);
    document.getElementById(side).replaceChildren(...here);
  }
  document.getElementById("tabs").replaceChildren(...phones.map((phone) => tab(phone, words)));
  for (const entry of story.values()) phoneOf(entry)?.receive(entry);
  show(shown);
}

function tab(phone, words) {
  return button(words[phone.id].tab, { class: "tab", "data-tab": phone.id }, () => show(phone.id));
}

function show(id) {
  shown = id;
  for (const phone of phones) phone.root.classList.toggle("shown", phone.id === id);
  for (const node of document.querySelectorAll("[data-tab]")) {
    node.setAttribute("aria-pressed", String(node.dataset.tab === id));
    if (node.dataset.tab === id) node.classList.remove("unread");
  }
  for (const phone of phones) phone.list.scrollTop = phone.list.scrollHeight;
}

function phoneOf(entry) {
  return phones.find((phone) => phone.chat === entry.chat || (phone.tasks && entry.chat.startsWith("wecom-task:")));
}

function receive(entry) {
  story.set(entry.id, entry);
  const phone = phoneOf(entry);
  phone?.receive(entry);
  if (phone && phone.id !== shown && entry.by === "company" && entry.at > opened) {
    document.querySelector(`[data-tab="${phone.id}"]`).classList.add("unread");
  }
}

function listen() {
  const events = new EventSource("events");
  events.addEventListener("open", () => tell(WORDS[language].live, false));
  events.addEventListener("error", () => tell(WORDS[language].lost, true));
  events.addEventListener("message", (event) => receive(JSON.parse(event.data)));
}

for (const node of document.querySelectorAll("[data-language]")) {
  node.addEventListener("click", () => {
    language = node.dataset.language;
    localStorage.setItem(KEPT, language);
    draw();
    tell(WORDS[language].live, false);
  });
}
draw();
listen();
