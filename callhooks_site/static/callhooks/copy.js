'use strict';
// Copy buttons: shown where the browser can copy. `data-copy` names the element with the text.
for (const button of document.querySelectorAll('button[data-copy]')) {
    if (!navigator.clipboard) {
        continue;
    }
    button.hidden = false;
    button.addEventListener('click', async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        const told = button.querySelector('[data-told]');
        if (told) {
            told.textContent = 'Copied';
        }
        button.setAttribute('aria-label', 'Copied');
        button.title = 'Copied';
    });
}
