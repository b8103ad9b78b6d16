/* Callhooks: sends copies of this site's forms to the company whose site it is. See docs/forms.md. */
(function () {
'use strict';
var script = document.currentScript, nav = navigator, form = HTMLFormElement.prototype;
if (!script || !script.dataset.key || nav.globalPrivacyControl || nav.doNotTrack === '1' || window.doNotTrack === '1') return;
var endpoint = new URL('../' + script.dataset.key, script.src).href;
var REPEAT = 5000;
var elementsOf = Object.getOwnPropertyDescriptor(form, 'elements').get, submit = form.submit;
var sent = new WeakMap();
function here() { return location.href.split('#')[0].slice(0, 2048); }
var STORED = 'callhooks.first', DAYS = 90;
var NAMES = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'gclid', 'fbclid', 'msclkid'];
var first = (function () {
var known = null, query = new URLSearchParams(location.search), now = Date.now();
try { known = JSON.parse(localStorage.getItem(STORED)); } catch (e) { /* no storage: this page is the first */ }
if (known && known.said && now - known.at < DAYS * 864e5) return known.said;
var said = { landing_page_url: here() }, from = document.referrer;
if (from && from.indexOf(location.origin + '/') !== 0) {
said.referring_url = from.slice(0, 2048);
try { said.referrer = new URL(from).hostname; } catch (e) { /* an app's address */ }
}
NAMES.forEach(function (name) { if (query.get(name)) said[name] = query.get(name).slice(0, 500); });
try { localStorage.setItem(STORED, JSON.stringify({ at: now, said: said })); } catch (e) { /* as above */ }
return said;
})();
function isCard(text) {
if (/^\s*\+[\d\s().\/-]{7,22}$/.test(text) && text.replace(/\D/g, '').length < 16) return false; // a phone number
return (text.match(/\d(?:[\s.–\/-]?\d){12,18}/g) || []).some(function (found) {
var digits = found.replace(/\D/g, ''), sum = 0;
for (var i = 0; i < digits.length; i++) {
var digit = +digits[digits.length - 1 - i] * (i % 2 ? 2 : 1);
sum += digit > 9 ? digit - 9 : digit;
}
return sum % 10 === 0;
});
}
var SECRET = /passw|pwd|passcode|card.?(num|no|code)|cc.?(num|no|exp|csc|cvc|cvv)|cvv|cvc|security.?code/i;
var MACHINE = /csrf|xsrf|token|nonce|captcha|viewstate|eventvalidation/i;
function isOut(field) {
var type = field.type, auto = field.getAttribute('autocomplete') || '';
return !field.name || field.matches(':disabled') || /^(password|file|submit|button|image|reset)$/.test(type) ||
((type === 'checkbox' || type === 'radio') && !field.checked) || /(^|\s)cc-|password|one-time-code/i.test(auto) ||
SECRET.test(field.name) || (type === 'hidden' && MACHINE.test(field.name)) || field.closest('[data-callhooks-ignore]');
}
function read(form) {
var fields = {}, all = [].slice.call(elementsOf.call(form));
if (form.closest('[data-callhooks-ignore],[role=search],search') || all.some(function (field) {
return field.type === 'search' || /current-password/.test(field.getAttribute('autocomplete') || '');
})) return null;
all.forEach(function (field) {
if (!/^(INPUT|SELECT|TEXTAREA)$/.test(field.tagName) || isOut(field)) return;
var values = field.multiple && field.options ?
[].filter.call(field.options, function (o) { return o.selected; }).map(function (o) { return o.value; }) : [field.value];
values.forEach(function (value) {
if (isCard(value)) return;
var had = Object.prototype.hasOwnProperty.call(fields, field.name);
fields[field.name] = had ? [].concat(fields[field.name], value) : value;
});
});
return Object.keys(fields).length ? fields : null;
}
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
var text = JSON.stringify(fields), before = sent.get(form), now = Date.now();
if (before && before.text === text && now - before.at < REPEAT) return;
sent.set(form, { text: text, at: now });
var body = JSON.stringify(Object.assign({}, first, { form_data: fields, form_url: here(), submission_id: newId() }));
var type = 'text/plain;charset=UTF-8', small = body.length < 2e4;
if (!window.fetch || (small && !('keepalive' in Request.prototype))) {
nav.sendBeacon(endpoint, new Blob([body], { type: type }));
return;
}
fetch(endpoint, { method: 'POST', body: body, mode: 'cors', credentials: 'omit', keepalive: small, headers: { 'Content-Type': type } })
.catch(function () { /* the page's own business goes on */ });
}
function quietly(act) { try { act(); } catch (e) { /* never in the way of the page's own form */ } }
window.addEventListener('submit', function (event) {
quietly(function () { capture(event.target, event.submitter); });
}, true);
form.submit = function () {
var self = this;
quietly(function () { capture(self); });
return submit.call(self);
};
window.addEventListener('formdata', function (event) {
quietly(function () {
if (!isOurs(event.target) || event.target.closest('[data-callhooks-ignore]')) return;
var all = Object.assign({ form_url: here() }, first);
Object.keys(all).forEach(function (name) { if (!event.formData.has(name)) event.formData.append(name, all[name]); });
});
}, true);
})();
