// The page without network: which pages are kept on this device, by their titles, and trying again.
(() => {
  const KINDS = { "huong-dan": "Hướng dẫn", "bai-hoc": "Bài học", "luyen-tap": "Luyện tập", "van-ban": "Văn bản" };
  const list = document.querySelector("#kept");
  const asked = location.pathname.replace(/\/$/, "");

  function made(tag, text = "") {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
  }

  async function titleOf(cache, key) {
    const head = (await (await cache.match(key)).text()).split("</head>")[0];
    return new DOMParser().parseFromString(head, "text/html").title.replace(/ – Bình dân học AI$/, "");
  }

  async function pages() {
    if (!window.caches) return [];
    const cache = await caches.open("binhdan-pages");
    return Promise.all((await cache.keys()).reverse().map(async (key) => {
      const { pathname, search } = new URL(key.url);
      return { kind: pathname.split("/")[1], address: pathname + search, title: await titleOf(cache, key) };
    }));
  }

  async function show() {
    const found = (await pages()).filter(({ kind }) => kind in KINDS);
    for (const [kind, name] of Object.entries(KINDS)) {
      const items = document.createElement("ul");
      for (const { address, title } of found.filter((page) => page.kind === kind)) {
        const link = made("a", title);
        link.href = address;
        items.append(document.createElement("li"));
        items.lastChild.append(link);
      }
      if (items.children.length) list.append(made("h3", name), items);
    }
    document.querySelector("#none").hidden = found.length > 0;
  }

  if (asked === "/ngoai-tuyen") document.querySelector("h1").textContent = "Trang đã lưu trên máy này";
  document.querySelector("#why").hidden = asked === "/ngoai-tuyen";
  document.querySelector("#asking").hidden = asked !== "/hoi-dap";
  document.querySelector("#retry").hidden = asked === "/ngoai-tuyen";
  document.querySelector("#retry").addEventListener("click", () => location.reload());
  show();
})();
