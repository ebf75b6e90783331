// Here live the five phones: what each one shows above and below its messages.
import { bubble } from "./bubbles.js";
import { button, el, fill } from "./dom.js";

export const PHONES = [
  { id: "official", chat: "wechat:oSandboxCustomer00000000001", side: "customers", look: "wechat" },
  { id: "telegram", chat: "telegram:50001", side: "customers", look: "telegram" },
  { id: "contact", chat: "wecom-contact:wmSandboxContact0000000000001", side: "customers", look: "wecom" },
  { id: "wecom-staff", chat: "wecom:admin-userid", side: "staff", look: "wecom", tasks: true },
  { id: "telegram-staff", chat: "telegram:10001", side: "staff", look: "telegram" },
];

export class Phone {
  constructor(plan, words, act) {
    Object.assign(this, plan);
    this.words = words;
    this.act = act;
    this.entries = new Map();
    this.root = this.build();
  }

  build() {
    const own = this.words[this.id];
    this.list = el("ol", {
      class: "messages", role: "log", tabindex: "0", "aria-label": fill(this.words.messages, { name: own.name }),
      "data-empty": this.words.empty,
    });
    this.foot = el("div", { class: "foot" });
    const head = el(
      "header", { class: "head" },
      el("span", { class: "avatar", "aria-hidden": "true" }, own.name.slice(0, 1)),
      el("div", {}, el("h3", { class: "name" }, own.name), el("p", { class: "kind" }, own.kind)),
    );
    const root = el("article", { class: `phone ${this.look}`, id: `phone-${this.id}`, "aria-label": `${own.name} · ${own.kind}` });
    root.append(head, this.list, this.foot);
    this.drawFoot(root);
    return root;
  }

  receive(entry) {
    const fresh = bubble(entry, this, this.words, this.act);
    const known = this.entries.get(entry.id);
    if (known) known.node.replaceWith(fresh);
    else this.list.append(fresh);
    this.entries.set(entry.id, { entry, node: fresh });
    if (!known) this.list.scrollTop = this.list.scrollHeight;
    this.drawActions();
  }

  lastNote(...keys) {
    const notes = [...this.entries.values()].map((held) => held.entry.content);
    return notes.filter((content) => keys.includes(content.key)).at(-1)?.key;
  }

  isFollower() {
    const told = [...this.entries.values()].filter(({ entry }) => entry.by === "person" || /followed$/.test(entry.content.key));
    return told.length > 0 && told.at(-1).entry.content.key !== "unfollowed";
  }

  drawFoot() {
    this.actions = el("div", { class: "actions", role: "group", "aria-label": this.words.suggestions });
    this.foot.replaceChildren(this.actions, this.id === "contact" ? this.honesty() : this.composer());
    this.drawActions();
  }

  honesty() {
    return el("p", { class: "honest" }, this.words.honest);
  }

  composer() {
    const input = el("textarea", {
      name: "text", rows: "1", autocomplete: "off", maxlength: "2000", enterkeyhint: "send",
      placeholder: this.words.input, "aria-label": `${this.words.input} · ${this.words[this.id].name}`,
    });
    const form = el("form", { class: "composer" }, input, el("button", { type: "submit" }, this.words.send));
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value;
      if (!text.trim()) return;
      input.value = "";
      this.say(text);
    });
    return form;
  }

  say(text) {
    this.act("say", { phone: this.id, text });
  }

  drawActions() {
    const focused = document.activeElement?.closest(".actions") === this.actions ? document.activeElement.dataset.key : null;
    this.actions.replaceChildren(...this.keyboard(), ...this.deeds(), ...this.suggestions());
    if (focused) this.actions.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  suggestions() {
    return this.words.say[this.id].map((text) => button(text, { class: "chip", "data-key": text }, () => this.say(text)));
  }

  keyboard() {
    const held = [...this.entries.values()].map((each) => each.entry.content.keyboard).filter(Boolean).at(-1) ?? [];
    return held.flat().map((key) => {
      const press = key.request_contact ? () => this.act("share", { phone: this.id }) : () => this.say(key.text);
      return button(key.text, { class: "chip key", "data-key": `key-${key.text}` }, press);
    });
  }

  deeds() {
    const deed = (name, word, body = {}) =>
      button(this.words.deeds[word], { class: "chip deed", "data-key": word }, () => this.act(name, { phone: this.id, ...body }));
    switch (this.id) {
      case "official":
        return this.isFollower()
          ? [deed("unfollow", "unfollow")]
          : [deed("follow", "follow"), deed("follow", "scan", { scene: "expo2026" })];
      case "telegram":
        if (this.lastNote("blocked", "unblocked") === "blocked") return [deed("unblock", "unblock")];
        return this.entries.size ? [deed("block", "block")] : [deed("start", "start"), deed("start", "link", { payload: "spring_sale" })];
      case "contact":
        return this.lastNote("added", "deleted_member", "deleted_by_member") === "added" ? [deed("leave", "leave")] : this.adding();
      default:
        return [];
    }
  }

  adding() {
    this.state ??= "";
    const options = Object.entries(this.words.states).map(([value, text]) => el("option", { value, selected: value === this.state }, text));
    const select = el("select", { "data-key": "state", "aria-label": this.words.source }, ...options);
    select.addEventListener("change", () => { this.state = select.value; });
    const add = () => this.act("add", { phone: this.id, state: select.value });
    return [select, button(this.words.deeds.add, { class: "chip deed primary", "data-key": "add" }, add)];
  }
}
