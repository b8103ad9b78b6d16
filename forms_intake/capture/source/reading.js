// What a form with these fields says, and whether it is somebody's message: `lead` is 2 if it is, 1 if it is unless it is
// sent as a search is. `typed`: the first field for an address and for a number, which may be called `input_2`. Null for
// log-ins, searches and what nobody filled in. `asked`: the page asks for it to be sent.
function read(form, all, asked) {
  var fields = Object.create(null), typed = {}, values = [], lead = 0;
  var about = isForm(form) ? words(['action', 'id', 'class', 'name'].map(name => attribute(form, name).split(/[?#]/)[0]).join(' ')) : '';
  var texts = all.filter(field => /^(text|email|tel|textarea)$/.test(field.type) && isShown(field));
  var secrets = all.filter(field => field.type === 'password').map(autocomplete);
  if (marked(form, 'ignore')) return null;
  if (!asked && (around(form, '[role=search],search') || all.map(autocomplete).includes('current-password') ||
    texts.length < 2 && (LOG_IN.test(about) || secrets.length === 1 && secrets[0] !== 'new-password')))
    return null;
  // Pages that send with their own script may have fields without names.
  var named = isForm(form) && all.some(field => field.name && field.type !== 'hidden');
  all.forEach(field => {
    var name = field.name || !named && (field.id || attribute(field, 'aria-label') || field.placeholder);
    if (isOut(field, name)) return;
    (field.multiple && field.options ? [...field.selectedOptions].map(option => option.value) : [field.value]).forEach(value => {
      var masked = maskCards(value);
      fields[name] = name in fields ? [].concat(fields[name], masked) : masked;
      if (!value.trim()) return;
      var type = field.type || 'text', plain = type === 'text' && !FILTER.test(words(name)) && !SHOP.test(about);
      var contact = /^(email|tel|textarea)$/.test(type) || type === 'text' && value.includes('@') ||
        plain && /^\s*[+(\d][\d\s().\/-]{6,22}$/.test(value);
      if (contact || plain) {
        lead = Math.max(lead, contact ? 2 : 1);
        values.push(value);
        if (type === 'email') typed.email_field = typed.email_field || name;
        if (type === 'tel') typed.phone_field = typed.phone_field || name;
      }
    });
  });
  return Object.keys(fields).length ? { fields, typed, values, lead: asked ? 2 : lead } : null;
}
