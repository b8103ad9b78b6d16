// Nothing at all under Do Not Track and Global Privacy Control.
var script = document.currentScript, nav = navigator, win = window;
if (!script || !script.dataset.key || nav.globalPrivacyControl || nav.doNotTrack === '1' || win.doNotTrack === '1') return;
var endpoint = new URL('../' + script.dataset.key, script.src).href;

function here() { return location.href.split('#')[0].slice(0, 2048); }

// A field named "closest", "action" or "elements" hides what its form has under that name: it is asked by these.
var formsOwn = HTMLFormElement.prototype, element = Element.prototype;
var elementsOf = Object.getOwnPropertyDescriptor(formsOwn, 'elements').get;
var attribute = (node, name) => element.getAttribute.call(node, name) || '', autocomplete = field => attribute(field, 'autocomplete');
var closest = (node, selector) => element.closest.call(node, selector);
var rootOf = node => Node.prototype.getRootNode.call(node);
var isForm = node => node instanceof HTMLFormElement;

// Nothing of ours may be in the way of the page's own form.
var quiet = act => function (...given) { try { act.apply(this, given); } catch (e) { /* the page goes on */ } };
var on = (target, type, act) => target.addEventListener(type, quiet(act), true);
