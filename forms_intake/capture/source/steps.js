// What was submitted is held until the page shows whether it was one step of several. 1.5 seconds after the page's own
// script took a form there is nothing new to fill in, and it is sent; or there is, and it waits for the next step.
var SETTLED = 1500, IDLE = 6e5, STEP = 'callhooks.step';
var held, pressed, pressedAt, timer;

function after(milliseconds, act) { clearTimeout(timer); timer = setTimeout(quiet(act), milliseconds); }
var shownFields = () => fieldsIn(document).filter(isShown);

// `taken` tells later whether the page's script took the form, or the browser sends it itself.
function capture(form, taken, button) {
  pressed = null;
  if (isForm(form) && isOurs(form, button)) return;
  var own = fieldsOf(form), got = read(form, own, marked(button || form, 'submit'));
  if (!got) return;
  // Another form, which could be filled in before: no step of the one that is held.
  if (held && held.form !== form && own.some(field => held.shown.includes(field))) {
    if (!got.lead) return;
    flush();
  }
  var before = held || { fields: Object.create(null), lead: 0, url: here(), typed: {} };
  held = {
    form, taken, url: before.url, shown: shownFields(),
    fields: Object.assign(before.fields, got.fields), typed: Object.assign(before.typed, got.typed),
    lead: Math.max(before.lead, got.lead),
    // The page says so, or it is a page of Gravity Forms that is not the last one.
    marked: marked(button || form, 'step') ||
      own.some(field => /^gform_target_page/.test(field.name) && field.value > 0)
  };
  after(0, decide);
}

function decide() {
  if (held.marked) after(IDLE, flush);
  else if (!held.taken() || JSON.stringify(held.fields).length > 2e4) flush();
  else after(SETTLED, look);
}

function look() {
  var own = held.form ? fieldsOf(held.form) : [], now = shownFields(), gone = !now.some(field => own.includes(field));
  held.waits = now.some(field => (gone || own.includes(field)) && (
    attribute(field, 'aria-invalid') === 'true' || field.type !== 'search' && !held.shown.includes(field) && !(field.name in held.fields)));
  if (held.waits) after(IDLE, flush);
  else flush();
}

function flush() {
  var done = held;
  held = null;
  clearTimeout(timer);
  // A browser that sends a form by get goes to a search's results, unless somebody's address is in it.
  if (done && (done.lead > 1 || done.lead && (done.taken() || /^post$/i.test(attribute(done.form, 'method'))))) send(done);
}

function leave(hides) {
  if (!held || hides && (held.marked || held.waits)) return;
  // The next step is on the next page.
  if (held.marked && !held.taken()) sessionStorage.setItem(STEP, JSON.stringify({ fields: held.fields, typed: held.typed, lead: held.lead, url: held.url }));
  else flush();
}

quiet(() => {
  var kept = JSON.parse(sessionStorage.getItem(STEP));
  sessionStorage.removeItem(STEP);
  if (!kept) return;
  held = Object.assign(kept, { shown: [], taken: () => true });
  after(SETTLED, look);
})();
