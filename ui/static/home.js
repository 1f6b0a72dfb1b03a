// The home page's box: a question goes to the chat behind "#", which no browser sends, so it stands in no log.
document.querySelector("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = document.querySelector("#hoi");
  const question = field.value.trim();
  const said = document.querySelector("#said");
  said.textContent = question ? "" : "Bạn chưa gõ câu hỏi. Bạn gõ vài chữ rồi bấm Hỏi nhé.";
  if (question) location.assign(`/hoi-dap#hoi=${encodeURIComponent(question)}`);
  else field.focus();
});
