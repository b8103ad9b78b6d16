function isOurs(form, button) {
  try { return new URL(button && attribute(button, 'formaction') || attribute(form, 'action'), document.baseURI).href === endpoint; } catch (e) { return false; }
}

function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => (byte + 256).toString(16).slice(1)).join('');
}

var ownFetch = win.fetch, last = {}, REPEAT = 5000;
function send(form) {
  // One press can be told twice.
  var text = JSON.stringify(form.fields), now = Date.now();
  if (last.text === text && now - last.at < REPEAT) return;
  last = { text, at: now };
  var body = JSON.stringify(Object.assign({}, first, form.typed, { form_data: form.fields, form_url: form.url, submission_id: newId() }));
  // Text, so that no preflight stands between a form and a page that is about to be left.
  var type = 'text/plain;charset=UTF-8', small = body.length < 2e4;
  ownFetch(endpoint, { method: 'POST', body, mode: 'cors', credentials: 'omit', keepalive: small, headers: { 'Content-Type': type } })
    .catch(() => { /* the page's own business goes on */ });
}
