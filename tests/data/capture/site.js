// What the sites' own scripts do with their forms.
const post = (body) => fetch('/thanks', { method: 'POST', body });

document.addEventListener('submit', async (event) => {
  const form = event.target, then = form.dataset && form.dataset.after;
  if (!then) return;
  event.preventDefault();
  const checked = form.dataset.check && form.querySelector(`[name="${form.dataset.check}"]`);
  if (checked) {
    const wrong = !checked.value.includes('@');
    checked.setAttribute('aria-invalid', String(wrong));
    if (wrong) return;
  }
  await post(new FormData(form));
  if (then === 'hide') { form.hidden = true; if (form.nextElementSibling) form.nextElementSibling.hidden = false; }
  if (then === 'replace') form.replaceWith('Thank you');
  if (then === 'reset') form.reset();
  if (then === 'next') {
    const step = form.querySelector('fieldset:not([hidden])');
    step.hidden = true;
    if (step.nextElementSibling) step.nextElementSibling.hidden = false;
  }
  if (then === 'next-form') { form.hidden = true; form.nextElementSibling.hidden = false; }
  document.body.dataset.done = (+document.body.dataset.done || 0) + 1;
});

document.addEventListener('click', (event) => {
  const button = event.target.closest('button,a'), form = button && button.closest('form');
  if (!form) return;
  if (button.matches('.press-fetch')) {
    fetch('/thanks', { method: 'POST', body: JSON.stringify(Object.fromEntries(new FormData(form))) });
  }
  if (button.matches('.press-xhr')) {
    const request = new XMLHttpRequest();
    request.open('POST', '/thanks');
    request.send(new URLSearchParams(new FormData(form)));
  }
  if (button.matches('.request-submit')) { event.preventDefault(); form.requestSubmit(); }
  if (button.matches('.call-submit')) { event.preventDefault(); form.submit(); }
  if (button.matches('.gform_next_button')) {
    form.querySelector('[name^=gform_target]').value = '2';
    form.submit();
  }
});

// The second page of the Gravity form is what its server answers: here, after a reload.
if (sessionStorage.getItem('page')) {
  document.getElementById('gform_2').remove();
  document.getElementById('gform_2_last').hidden = false;
  sessionStorage.removeItem('page');
} else {
  document.querySelector('.gform_next_button').addEventListener('click', () => sessionStorage.setItem('page', '2'));
}

class FancyInput extends HTMLElement {
  static formAssociated = true;
  constructor() { super(); this.attachShadow({ mode: 'open' }).innerHTML = '<input name="inner">'; this.parts = this.attachInternals(); }
  get name() { return this.getAttribute('name'); }
  get value() { return this.shadowRoot.querySelector('input').value; }
}
customElements.define('fancy-input', FancyInput);
customElements.define('fancy-check', class extends HTMLElement {
  get name() { return this.getAttribute('name'); }
  get value() { return 'on'; }
  get checked() { return false; }
  get type() { return 'checkbox'; }
});
customElements.define('lead-form', class extends HTMLElement {
  connectedCallback() {
    this.attachShadow({ mode: 'open' }).innerHTML =
      '<form method="post" action="/thanks"><input name="email" type="email"><deep-field></deep-field><button>Send</button></form>';
  }
});
customElements.define('deep-field', class extends HTMLElement {
  connectedCallback() { this.attachShadow({ mode: 'open' }).innerHTML = '<input name="message">'; }
});
