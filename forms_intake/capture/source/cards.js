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
