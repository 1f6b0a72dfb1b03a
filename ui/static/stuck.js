// "Tôi bị kẹt ở bước này": the question goes to the chat, which knows the step by `ve`. It stands in the address's fragment, which is
// never sent anywhere.
(() => {
  const STUCK = "Mình bị kẹt ở bước này, mình phải làm sao?";
  const PERSON = "Mình muốn hỏi người hướng dẫn";
  const ask = (form, question) => location.assign(`/hoi-dap?ve=${encodeURIComponent(form.dataset.step)}#hoi=${encodeURIComponent(question)}`);
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-step]");
    if (!form) return;
    event.preventDefault();
    ask(form, form.querySelector("input[type=text]").value.trim() || STUCK);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step] [data-person]");
    if (button) ask(button.closest("form"), PERSON);
  });
})();
