var script = document.currentScript, nav = navigator, form = HTMLFormElement.prototype;
if (!script || !script.dataset.key || nav.globalPrivacyControl || nav.doNotTrack === '1' || window.doNotTrack === '1') return;
var endpoint = new URL('../' + script.dataset.key, script.src).href;
var REPEAT = 5000;
// A field may be named "elements" or "submit" and hide the form's own.
var elementsOf = Object.getOwnPropertyDescriptor(form, 'elements').get, submit = form.submit;
var sent = new WeakMap();

function here() { return location.href.split('#')[0].slice(0, 2048); }
