var request = XMLHttpRequest.prototype, ownSend = request.send, ownSubmit = formsOwn.submit, roots = new WeakSet();

function listen(to) {
  on(to, 'submit', event => capture(event.target, () => event.defaultPrevented, event.submitter));
  // Forms that go to us by themselves only need to say where the visitor came from.
  on(to, 'formdata', event => {
    if (!isOurs(event.target) || marked(event.target, 'ignore')) return;
    var all = Object.assign({ form_url: here() }, first);
    Object.keys(all).forEach(name => { if (!event.formData.has(name)) event.formData.append(name, all[name]); });
  });
}

function used(event) {
  var path = event.composedPath(), at = path[0], button = marked(at, 'submit');
  // Events of a form in a shadow root stay inside; what leads to them comes out.
  path.forEach(node => {
    if (node instanceof ShadowRoot && !roots.has(node)) { roots.add(node); listen(node); }
  });
  if (event.type === 'click' && button && !isForm(button) && !(button.form && button.type === 'submit')) {
    var place = attribute(button, 'data-callhooks-submit');
    place = place ? rootOf(button).querySelector(place) : closest(button, 'form') || button;
    while (!isForm(place) && !fieldsIn(place).length) place = place.parentNode || place.host;
    capture(place, () => true, button);
  } else if (event.type !== 'focusin') {
    // Who types on has not sent it yet.
    pressed = !closest(at, event.key === 'Enter' ? 'textarea' : event.key ? '*' : 'input:not([type=button],[type=submit],[type=image]),select,textarea,label') &&
      closest(at, 'form');
    pressedAt = Date.now();
  }
}

// A page's script may send a form that nobody submitted: after a press inside it, with what was typed into it.
var told = quiet(body => {
  if (!pressed || Date.now() - pressedAt > 1e4) return;
  var text = typeof body === 'string' ? body : body instanceof FormData || body instanceof URLSearchParams ? JSON.stringify([...body]) : '';
  try { text += decodeURIComponent(text.replace(/\+/g, ' ')); } catch (e) { /* not encoded so */ }
  var got = text && read(pressed, fieldsOf(pressed));
  if (got && got.values.some(value => value.length > 3 && text.includes(value))) capture(pressed, () => true);
});
var tellSubmit = quiet(form => capture(form, () => false));

listen(win);
['click', 'keydown', 'focusin'].forEach(type => on(win, type, used));
on(win, 'pagehide', () => leave());
on(document, 'visibilitychange', () => { if (document.hidden) leave(true); });
formsOwn.submit = function () {
  tellSubmit(this);
  return ownSubmit.call(this);
};
win.fetch = function (to, options) {
  told(options && options.body);
  return ownFetch.apply(this, arguments);
};
request.send = function (body) {
  told(body);
  return ownSend.apply(this, arguments);
};
