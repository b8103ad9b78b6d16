function quietly(act) { try { act(); } catch (e) { /* never in the way of the page's own form */ } }

window.addEventListener('submit', function (event) {
  quietly(function () { capture(event.target, event.submitter); });
}, true);
form.submit = function () {
  var self = this;
  quietly(function () { capture(self); });
  return submit.call(self);
};
// Forms that go to us by themselves only need to say where the visitor came from.
window.addEventListener('formdata', function (event) {
  quietly(function () {
    if (!isOurs(event.target) || event.target.closest('[data-callhooks-ignore]')) return;
    var all = Object.assign({ form_url: here() }, first);
    Object.keys(all).forEach(function (name) { if (!event.formData.has(name)) event.formData.append(name, all[name]); });
  });
}, true);
