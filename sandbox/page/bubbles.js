// Here live the bubbles: one list item for each entry of a chat.
import { button, el, fill, safeLink } from "./dom.js";

export function bubble(entry, phone, words, act) {
  const content = entry.content;
  if (entry.by === "note") return note(content, words);
  const mine = entry.by === "person";
  const body = el("div", { class: `bubble ${content.type}` }, ...inside(content, phone, words, act));
  const who = mine ? words.me : content.type === "task" ? words.task.title : words[phone.id].them;
  return el(
    "li",
    { class: mine ? "entry mine" : "entry theirs" },
    el("span", { class: "who" }, who),
    body,
    ...below(content, phone, act),
    el("time", { datetime: new Date(entry.at * 1000).toISOString() }, clock(entry.at)),
  );
}

function clock(at) {
  const time = new Date(at * 1000);
  return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}

function note(content, words) {
  const text = content.type === "toast" ? content.text : fill(words.notes[content.key] ?? content.key, named(content.values, words));
  return el("li", { class: /^not_/.test(content.key) ? "note alarm" : "note" }, text);
}

function named(values, words) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, words.names[value] ?? value]));
}

function inside(content, phone, words, act) {
  switch (content.type) {
    case "text":
    case "markdown":
      return [paragraph(content.text)];
    case "image":
      return [picture(content, words), caption(content)];
    case "link":
      return [link(content)];
    case "news":
      return content.items.map(link);
    case "card":
      return card(content, phone, act);
    case "task":
      return task(content, phone, words, act);
    default:
      return [el("p", {}, `${words.kinds[content.type] ?? content.type} ${content.name ?? ""}`.trim()), caption(content)];
  }
}

function paragraph(text) {
  return el("p", { dir: "auto" }, text);
}

function caption(content) {
  return content.text ? paragraph(content.text) : null;
}

function picture(content, words) {
  const name = content.name || words.kinds.image;
  return content.url && !content.url.includes(":") ? el("img", { src: content.url, alt: name }) : el("p", {}, name);
}

function link(content) {
  const url = safeLink(content.url);
  const title = url ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, content.title) : content.title;
  return el("div", { class: "link" }, el("strong", {}, title), el("p", {}, content.description ?? ""));
}

function card(content, phone, act) {
  const rows = content.rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  const press = (key) => act("press", { phone: phone.id, key, task_id: content.task_id });
  return [
    content.title ? el("strong", {}, content.title) : null,
    content.description ? el("p", {}, content.description) : null,
    content.text ? paragraph(content.text) : null,
    rows.length ? el("dl", {}, ...rows) : null,
    content.replaced ? el("p", { class: "replaced" }, content.replaced) : null,
    content.buttons.length
      ? el("div", { class: "card-buttons" }, ...content.buttons.map((b) => button(b.text, {}, () => press(b.key))))
      : null,
  ];
}

function task(content, phone, words, act) {
  const name = words.names[content.name] ?? content.name;
  const told = fill(content.groups ? words.task.groups : words.task.customers, { name, count: content.count });
  const press = () => act("confirm", { phone: phone.id, msgid: content.msgid, userid: content.userid });
  return [
    el("strong", {}, told),
    ...content.content.flatMap((each) => inside(each, phone, words, act)),
    content.state === "waiting"
      ? el("div", { class: "card-buttons" }, button(words.task.send, {}, press))
      : el("p", { class: "replaced" }, words.task[content.state]),
  ];
}

function below(content, phone, act) {
  if (content.type === "card" || !content.buttons) return [];
  return content.buttons.map((row) =>
    el("div", { class: "inline-row" }, ...row.map((each) => inline(each, content.message_id, phone, act))),
  );
}

function inline(each, messageId, phone, act) {
  const url = safeLink(each.url);
  if (url) return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", class: "inline" }, each.text);
  const data = each.callback_data;
  const press = () => act("press", { phone: phone.id, message_id: messageId, data });
  return button(each.text, { class: "inline", disabled: data === undefined }, press);
}
