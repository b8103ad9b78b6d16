// The same rule as the server's, forms_intake/secrets.py: an issuer's first digits, its length, and a valid check digit.
var MASK = '[card number removed]';
var ISSUERS = /^(4\d{12}(\d{3}){0,2}|(5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}|(6011|64[4-9]\d|65\d\d|35(2[89]|[3-8]\d)|62\d\d)\d{12,15}|(30[0-5]|36\d|3[89]\d)\d{11,16}|(50|5[6-8])\d{11,17}|(6304|6759|676[0-3])\d{9,15})$/;
// In one piece, or in the groups that cards have, with the card's code behind them or without. A - is any separator.
var WRITTEN = RegExp('(^|[^\\d+])(\\d{4}(?:-\\d{4}){3}(?:-\\d{1,3})?|\\d{4}-\\d{6}-\\d{4,5}|\\d(?:-\\d){12,18}|\\d{13,19})(?!\\d)'.replace(/-/g, '[\\s.–/-]'), 'g');

function isCard(digits) {
  var sum = 0;
  [...digits].reverse().forEach((digit, place) => { digit *= place % 2 + 1; sum += digit > 9 ? digit - 9 : digit; });
  return ISSUERS.test(digits) && sum % 10 === 0;
}

function maskCards(text) {
  return text.replace(WRITTEN, (all, before, found) => {
    var digits = found.replace(/\D/g, '');
    return isCard(digits) || /^(\d{4}\D){4}/.test(found) && isCard(digits.slice(0, 16)) ? before + MASK : all;
  });
}
