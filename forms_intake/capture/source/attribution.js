var STORED = 'callhooks.first', DAYS = 90;
var NAMES = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'gclid', 'fbclid', 'msclkid'];

// The first page of the visit that brought the person here, kept across pages.
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
