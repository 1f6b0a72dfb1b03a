// "In trang này" and "Gửi cho người nhà": by what the device offers, else through Zalo or by the address. Nothing is sent before a press.
(() => {
  const ZALO = "https://button-share.zalo.me/share_external?d="; // what Zalo's own button opens
  const address = location.origin + location.pathname; // without what was typed

  async function share(tools, button) {
    if (navigator.share) return navigator.share({ title: document.title, url: address }).catch(() => {}); // they thought better of it
    const menu = tools.querySelector(".sharing");
    menu.hidden = !menu.hidden;
    button.setAttribute("aria-expanded", String(!menu.hidden));
  }

  async function tell(tools) {
    const said = tools.querySelector("[role=status]");
    said.textContent = "";
    const done = await window.copyText(address);
    said.textContent = done ? "Đã chép đường dẫn. Bạn dán vào tin nhắn để gửi." : `Máy không cho chép. Bạn gõ địa chỉ này: ${address}`;
  }

  for (const tools of document.querySelectorAll(".tools")) {
    const [printing, sharing, copying] = ["print", "share", "copy"].map((does) => tools.querySelector(`[data-do=${does}]`));
    printing.addEventListener("click", () => window.print());
    sharing.addEventListener("click", () => share(tools, sharing));
    if (!navigator.share) sharing.setAttribute("aria-expanded", "false");
    copying.addEventListener("click", () => tell(tools));
    tools.querySelector("[data-zalo]").href = ZALO + encodeURIComponent(btoa(JSON.stringify({ url: address })));
    tools.hidden = false;
  }
})();
