var CAMPAIGN = /^(utm_[a-z]+|(g|fb|tt)clid|[gw]braid|msclkid|li_fat_id)$/;

function kept() { return (/\bcallhooks=([^;]*)/.exec(document.cookie) || [])[1]; }

function keep(text, site) { document.cookie = 'callhooks=' + text + ';path=/;max-age=7776000;domain=' + site; }

// Whether it was by a campaign or from another site: there is more than a time and a page.
function came(visit) { return Object.keys(visit)[2]; }

// The visit that brought the person here, never half of two. The first one and the newest are kept for 90 days in a cookie
// that all subdomains share: `f`, `l`; `s`: its domain.
var first = (function () {
  var known = {}, host = location.hostname, parts = host.split('.'), i = parts.length, from = document.referrer, site;
  var said = { at: Date.now(), landing_page_url: here().slice(0, 600) }, visit;
  try { known = JSON.parse(decodeURIComponent(kept())); } catch (e) { /* a new visitor */ }
  // The shortest domain for which a browser keeps something: of www.example.co.uk that is example.co.uk.
  while (!known.s && i--) {
    keep('x', site = parts.slice(i).join('.'));
    if (kept() === 'x') known.s = site;
  }
  site = known.s || host;
  try { host = new URL(from).hostname; } catch (e) { /* none, or an app's */ }
  if (!('.' + host).endsWith('.' + site)) {
    said.referring_url = from.slice(0, 300);
    said.referrer = host;
  }
  new URLSearchParams(location.search).forEach(function (value, name) { if (CAMPAIGN.test(name) && value) said[name] = value.slice(0, 150); });
  if (!known.f) known.f = said;
  if (came(said) || !known.l) known.l = said;
  keep(encodeURIComponent(visit = JSON.stringify(known)), site);
  visit = Object.assign({ callhooks: visit }, came(known.f) ? known.f : known.l);
  delete visit.at;
  return visit;
})();
