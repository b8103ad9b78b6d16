var SECRET = /passw|pwd|passcode|card.?(num|no|code)|cc.?(num|no|exp|csc|cvc|cvv)|cvv|cvc|security.?code/i;
var MACHINE = /csrf|xsrf|token|nonce|captcha|viewstate|eventvalidation/i;

function isOut(field) {
  var type = field.type, auto = field.getAttribute('autocomplete') || '';
  return !field.name || field.matches(':disabled') || /^(password|file|submit|button|image|reset)$/.test(type) ||
    ((type === 'checkbox' || type === 'radio') && !field.checked) || /(^|\s)cc-|password|one-time-code/i.test(auto) ||
    SECRET.test(field.name) || (type === 'hidden' && MACHINE.test(field.name)) || field.closest('[data-callhooks-ignore]');
}

// The fields, or null for what is no form to send: searches and logins.
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
