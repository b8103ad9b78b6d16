var SECRET = /pass(w|code|phrase)|mot de passe|pwd|\bpw\b|kennwort|contrase|\b(senha|secret)\b|^((card|your) )?pin$|\bcc ?(num(ber)?|no|code|exp|csc)\b|(credit|debit) ?card( num\w*)?$|cv[vc]|\bcsc\b|security ?code|^card ?(num(ber)?|no|nr|code|pin)\b|captcha|turnstile/i;
var MACHINE = /csrf|xsrf|token|nonce|viewstate|eventvalidation|^(_wp|gform_|is_submit|state_\d|hs_context)/i;
// Names of fields that say nothing of who fills them in, and what log-ins, searches, filters and carts are called.
var FILTER = /^[qsk]$|^(min|max|from|to)\b|\b(query|search|keyword|term|such|recherche|busc|price|preis|prix|coupon|qty|quantity|sort|filter|zip|post(al|code)|plz|city|location|destination)/i;
var LOG_IN = /\b(log|sign) ?in(form)?\b|password/i, SHOP = /\b(search(form)?|filters?|cart|basket|coupon|wishlist)\b/i;

var words = name => name.replace(/([a-z0-9])(?=[A-Z])/g, '$1 ').replace(/[_\-.[\]]+/g, ' ').trim();
var isShown = field => field.type !== 'hidden' && field.getClientRects().length > 0;

// What is around it, also beyond shadow roots, and fits the selector.
function around(node, selector) {
  for (var found = null; node && !found; node = rootOf(node).host) found = closest(node, selector);
  return found;
}
var marked = (node, mark) => around(node, '[data-callhooks-' + mark + ']');

var isField = one => /^(INPUT|SELECT|TEXTAREA)$/.test(one.tagName) ? !/^(submit|button|image|reset)$/.test(one.type) :
  /-/.test(one.tagName) && one.name && typeof one.value === 'string';

// The fields in a node, also in open shadow roots inside it.
function fieldsIn(node) {
  return [].concat(...[].map.call((node instanceof Element ? element : node).querySelectorAll.call(node, '*'), one =>
    isField(one) ? one : one.shadowRoot ? fieldsIn(one.shadowRoot) : []));
}

var fieldsOf = form => isForm(form) ?
  [...new Set([].filter.call(elementsOf.call(form), isField).concat(fieldsIn(form)))] : fieldsIn(form);

function isOut(field, name) {
  var type = field.type;
  return !name || field.matches(':disabled') || /^(password|file)$/.test(type) ||
    /checkbox|radio|switch/i.test(type + field.tagName) && !field.checked || /(^|\s)cc-|password|one-time-code/i.test(autocomplete(field)) ||
    // The search of a widget that helps with another field.
    type === 'search' && (attribute(field, 'role') || /search/i.test(name)) ||
    SECRET.test(words(name)) || type === 'hidden' && MACHINE.test(name) || marked(field, 'ignore');
}
