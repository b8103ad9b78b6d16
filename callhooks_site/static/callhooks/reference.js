'use strict';
// Swagger UI has a dark look of its own; it is on while the page is dark.
const page = document.documentElement;
const system = matchMedia('(prefers-color-scheme: dark)');

function follow() {
    const dark = page.dataset.theme ? page.dataset.theme === 'dark' : system.matches;
    page.classList.toggle('dark-mode', dark);
}

follow();
system.addEventListener('change', follow);
new MutationObserver(follow).observe(page, {attributes: true, attributeFilter: ['data-theme']});
